/** A row of a table before its cells are read. */
import type { CellFault } from './read-code.ts'

/** A cell as a text, empty if there is none; or what is wrong with the cell. */
export type TableCell = string | CellFault

export interface TableRow {
  /** As Excel counts. */
  readonly row: number
  /** Of a text file. */
  readonly byteOffset?: number
  readonly width: number
  /** Index of the first field with a misplaced quote; its text, and all after it, are not reliable. */
  readonly misplaced?: number
}
