/**
 * The rows of a bag as COPY text, for a table of the file's index, the row and the values, with `NULL ''`.
 * The fast path is several times as fast, but gives up at anything doubtful; the strict path then finds the
 * errors. If both reach their end, they give the same rows, findings and counts.
 */
import { encodeCopy } from '../../core/csv/copy-text.ts'
import { type RowCopy, readFast } from './fast-path.ts'
import { validateBag } from './validate-bag.ts'
import type { ValidateOptions } from './walk.ts'

/** The paths, in the order to try. Only the one that reaches its end reports findings. */
export const copyPaths: readonly ((options: ValidateOptions) => RowCopy)[] = [readFast, readStrictly]

function readStrictly(options: ValidateOptions): RowCopy {
  const validation = validateBag(options)
  async function* chunks(): AsyncGenerator<string> {
    for await (const batch of validation) {
      yield encodeCopy(
        batch.map(({ file, row, values }) => [String(file), String(row), ...values]),
        '',
      )
    }
  }
  return { chunks: chunks(), files: validation.counts }
}
