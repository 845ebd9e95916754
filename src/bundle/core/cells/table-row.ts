/** A row of a table before its cells are read. */
import type { CellFault } from './read-code.ts'

/** A cell as a text, empty where there is none; or what is wrong with it before it is one. */
export type TableCell = string | CellFault

export interface TableRow {
  /** As Excel counts. */
  readonly row: number
  /** Of a text file. */
  readonly byteOffset?: number
  readonly width: number
  /** Index of the first field with a quote out of place; its text, and all after it, are not to be trusted. */
  readonly misplaced?: number
}
