/** What the tolerance of a contract is held against: the counts of a bundle's files together. */
import type { ToleranceCounts } from '../../../contract/index.ts'
import type { FindingCounts } from '../../core/findings/finding-sink.ts'
import type { FileCount } from './validate-bag.ts'

export function tally({ errors, warnings }: FindingCounts, files: readonly FileCount[]): ToleranceCounts {
  const sum = (of: (file: FileCount) => number) => files.reduce((total, file) => total + of(file), 0)
  return {
    ...{ errors, warnings },
    rowsRead: sum(({ rowsRead }) => rowsRead),
    rowsRefused: sum(({ rowsRefused }) => rowsRefused),
  }
}
