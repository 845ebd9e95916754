/** Explains on standard error why a command failed, and returns its exit code. */
import { ContractError } from '../contract/index.ts'
import { withoutValues } from '../db/database-error.ts'
import { ConfigError } from '../platform/config.ts'
import { Problem, problems } from '../platform/problem.ts'
import { storageAdvice, storageFaultOf } from '../platform/storage-fault.ts'
import { exitCodes } from './command.ts'
import { writeRefusal } from './terminal.ts'

export function explainError(error: unknown): number {
  if (error instanceof Problem) {
    const { title, hint } = problems[error.code]
    const { detail, ...facts } = error.detail
    writeRefusal(`${title}${detail === undefined ? '' : `: ${detail}`} (${error.code})`)
    for (const [name, value] of Object.entries(facts)) writeRefusal(`  ${name}: ${JSON.stringify(value)}`)
    writeRefusal(`  ${hint}`)
    return exitCodes.problem
  }
  const shown = withoutValues(error)
  writeRefusal(shown instanceof Error ? shown.message : String(shown))
  const fault = storageFaultOf(error)
  if (fault !== undefined) writeRefusal(storageAdvice(fault))
  return [ConfigError, ContractError].some((kind) => error instanceof kind)
    ? exitCodes.usage
    : exitCodes.failed
}
