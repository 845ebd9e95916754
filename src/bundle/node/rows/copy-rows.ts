/**
 * The rows of a bag as COPY text, for a table of the file's index, the row and the values, with `NULL ''`. There are two
 * ways: the straight one is several times as fast, and given up wherever there is something to refuse or to doubt; the
 * careful one finds out what. Where both reach their end they give the same rows, findings and counts.
 */
import { encodeCopy } from '../../core/csv/copy-text.ts'
import { type CopyReading, readFast } from './fast-path.ts'
import { type ValidateOptions, validateBag } from './validate-bag.ts'

/** The ways, in the order in which they are to be tried. Findings are told only by the one that reaches its end. */
export const copyReadings: readonly ((options: ValidateOptions) => CopyReading)[] = [readFast, readWithCare]

function readWithCare(options: ValidateOptions): CopyReading {
  const reading = validateBag(options)
  async function* chunks(): AsyncGenerator<string> {
    for await (const batch of reading) {
      yield encodeCopy(
        batch.map(({ file, row, values }) => [String(file), String(row), ...values]),
        '',
      )
    }
  }
  return { chunks: chunks(), files: reading.counts }
}
