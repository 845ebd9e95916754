/** The shapes of an open table, whatever kind of file it comes from. */
import type { Contract } from '../../../contract/index.ts'
import type { Finding } from '../../../platform/finding.ts'
import type { Bag } from '../../core/bag/bag.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import type { BundleFile } from '../../core/bag/verify.ts'
import type { HeaderMap, HeaderRow } from '../../core/cells/map-headers.ts'
import type { TableCell, TableRow } from '../../core/cells/table-row.ts'
import type { CsvFault } from '../../core/csv/read-rows.ts'

export interface TableReader {
  /** Gives the rows of each piece in turn; each group must be walked before the next is asked for. */
  readonly groups: () => AsyncGenerator<Iterable<TableRow>>
  /** The cells of the row that was given last. */
  readonly cells: () => readonly TableCell[]
  /** One of its cells; empty where it has no such cell. */
  readonly cell: (column: number) => TableCell
  /** Whether none of its cells holds anything but blanks. */
  readonly isBlank: () => boolean
  /** Byte offset of one of its cells, in a text file. */
  readonly offsetOf: (column: number) => number | undefined
  /** After the last row: what cut the reading short, if anything did. */
  readonly fault: () => CsvFault | undefined
}

export interface OpenTable {
  /** The header, where it is known without a walk; else it is the first row of the walk. */
  readonly header?: HeaderRow
  /** Rows up to the last of the header. */
  readonly headerRows: number
  /** Walks the rows; with the map of the header once there is one. */
  readonly read: (map?: HeaderMap) => TableReader
  readonly close: () => Promise<void>
}

export interface TableOptions {
  readonly bag: Bag
  readonly file: BundleFile
  readonly contract: Contract
  readonly limits: BundleLimits
  /** Where scratch files may lie, encrypted; by default the folder of the system. */
  readonly scratch?: string | undefined
  /** Called as a table is opened, with the rows that have been seen. */
  readonly onRows?: ((rows: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface OpenedTable {
  /** Absent where an error forbids it. */
  readonly table?: OpenTable
  readonly findings: readonly Finding[]
}
