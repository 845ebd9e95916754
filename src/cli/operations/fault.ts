/** Exit codes and messages that backup and restore share. */
import { BackupFault, type BackupFaultReason } from '../../operations/index.ts'
import { exitCodes } from '../command.ts'
import { print } from '../output.ts'

const codeOf = {
  'folder-unusable': exitCodes.usage,
  'no-set': exitCodes.usage,
  'other-key': exitCodes.usage,
  'key-unusable': exitCodes.usage,
  damaged: exitCodes.refused,
  incomplete: exitCodes.refused,
  newer: exitCodes.refused,
  erasures: exitCodes.problem,
  'not-empty': exitCodes.problem,
  busy: exitCodes.problem,
} as const satisfies Readonly<Record<BackupFaultReason, number>>

/** For an incomplete last line of the ledger: a line is complete before its erasure is committed. */
export const tornText =
  'The last line of erasures.jsonl was incomplete: an erasure was interrupted, and nothing was erased. Repeat it.'

/** Runs work; a refusal is printed and becomes its exit code. */
export async function explainFault(work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof BackupFault)) throw error
    print.refusal(error.message)
    return codeOf[error.reason]
  }
}
