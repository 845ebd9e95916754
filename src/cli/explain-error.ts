/** Explains on standard error why a command failed, and returns its exit code. */
import { ContractError } from '../contract/index.ts'
import { withoutValues } from '../db/database-error.ts'
import { ConfigError } from '../platform/config.ts'
import { Problem, type ProblemCode } from '../platform/problem.ts'
import { storageAdvice, storageFaultOf } from '../platform/storage-fault.ts'
import { problemTexts } from '../platform/texts/problem-texts.ts'
import { exitCodes } from './command.ts'
import { languageInUse } from './phrases.ts'
import { writeRefusal } from './terminal.ts'

/** What to type where the hint of a problem speaks of HTTP. */
const hints: Partial<Record<ProblemCode, string>> = {
  'dataset-not-found': 'qingdan list shows every dataset and its slug.',
  'contract-not-found': 'qingdan list shows the datasets; a contract is a file of datasets/<slug>/.',
  'edition-not-found': 'qingdan list shows the published editions.',
  'version-not-found': 'qingdan list shows the editions and their versions.',
  'list-not-found': 'qingdan list shows the editions of annual lists.',
  'bundle-not-found': 'qingdan list bundles shows the bundles; the first digits of an id are enough.',
  'bundle-not-quarantined':
    'qingdan receipt <id> shows its state. The provider of a refused bundle corrects it and sends it again.',
  'parameter-invalid': 'Correct the option or argument that `path` names; see --help of the command.',
  'publication-not-found': 'qingdan publications lists them.',
  'publication-not-waiting': 'qingdan publications shows its state, and what it waits for.',
  'receipt-not-final':
    'Repeat qingdan receipt <id> until its state is staged, refused, quarantined or dropped.',
  'not-ready': 'Try again in a few seconds.',
}

export function explainError(error: unknown): number {
  if (error instanceof Problem) {
    const { title, hint, detail } = problemTexts(error, languageInUse())
    const { detail: _detail, ...facts } = error.detail
    const colon = languageInUse() === 'zh' ? '：' : ': '
    writeRefusal(`${title}${detail === undefined ? '' : `${colon}${detail}`} (${error.code})`)
    for (const [name, value] of Object.entries(facts)) writeRefusal(`  ${name}: ${JSON.stringify(value)}`)
    writeRefusal(`  ${hints[error.code] ?? hint}`)
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
