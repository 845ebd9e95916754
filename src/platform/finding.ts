/**
 * A finding is one defect in a provider's data: a value, never an exception. It names the place and what is
 * expected there, never the value found, because a cell of a bundle may be a child's data.
 */

import { Type } from 'typebox'
import { type Shape, Text, textOf } from './shape.ts'

export const FindingSchema = Type.Object({
  check: Text('Name of the check that found it.'),
  severity: textOf<'error' | 'warning'>(
    '`error`: the row or file is not accepted; `warning`: it is accepted.',
  ),
  /** With `/`; absent if the finding is about the whole bundle. */
  file: Type.Optional(Text('Path of the file in the bundle.')),
  row: Type.Optional(Type.Integer({ description: 'As Excel counts: the header is row 1.' })),
  cell: Type.Optional(Text('The cell as Excel names it, such as `C7`.')),
  field: Type.Optional(Text('The field, by its name in the contract.')),
  /** As written in the file. */
  header: Type.Optional(Text('The header of the field in the file.')),
  /** A type, a range, a code list. Never the value found. */
  expected: Type.Optional(Text('What would have been right.')),
  message: Text('What is wrong and what to do, in English.'),
  messageZh: Text('The same in Chinese.'),
  /** For CSV and encodings. */
  byteOffset: Type.Optional(Type.Integer({ description: 'Where in the file, in bytes from its beginning.' })),
})

export type Finding = Shape<typeof FindingSchema>
export type Severity = Finding['severity']

/** Column number (0-based) to Excel letters: 0 → A, 25 → Z, 26 → AA. */
export function columnLetters(index: number): string {
  let letters = ''
  for (let n = index + 1; n > 0; n = Math.floor((n - 1) / 26)) {
    letters = String.fromCharCode(65 + ((n - 1) % 26)) + letters
  }
  return letters
}
