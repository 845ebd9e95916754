/** What was counted in one file of a bundle: the same in a validation's result and in a receipt. */

import { Type } from 'typebox'
import type { ToleranceCounts } from '../../../contract/index.ts'
import type { Digest } from '../../../platform/digest.ts'
import { type Shape, Text, textOf } from '../../../platform/shape.ts'
import type { FindingCounts } from './finding-sink.ts'

export const FileCountSchema = Type.Object({
  file: Text('Path of the file in the bundle.'),
  digest: textOf<Digest>('SHA-256 of the file, lower-case hex.'),
  encoding: Type.Optional(
    textOf<'utf-8' | 'gb18030'>('Encoding that a text file was read in; absent for a workbook.'),
  ),
  rowsRead: Type.Integer({ description: 'Rows read, without the header.' }),
  rowsTaken: Type.Integer({ description: 'Rows without an error.' }),
  rowsRefused: Type.Integer({ description: 'Rows with an error. They are never accepted.' }),
  /** In the header and in accepted rows. */
  repairs: Type.Record(Type.String(), Type.Integer(), {
    description: 'Corrections made while reading that change no value, by kind.',
  }),
  /** In part or whole: no tolerance covers that. */
  unreadable: Type.Boolean({
    description: 'The file could not be read to its end; none of its rows is accepted.',
  }),
})

export type FileCount = Shape<typeof FileCountSchema>

/** What a contract's tolerance is compared with: the total counts of all files of a bundle. */
export function tally({ errors, warnings }: FindingCounts, files: readonly FileCount[]): ToleranceCounts {
  const sum = (of: (file: FileCount) => number) => files.reduce((total, file) => total + of(file), 0)
  return {
    ...{ errors, warnings },
    rowsRead: sum(({ rowsRead }) => rowsRead),
    rowsRefused: sum(({ rowsRefused }) => rowsRefused),
  }
}
