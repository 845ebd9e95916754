/** The interfaces of an open table, for any file format. */
import type { CellKind } from '../../../derivations/index.ts'
import type { Finding } from '../../../platform/finding.ts'
import type { Bag } from '../../core/bag/bag.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import type { BundleFile } from '../../core/bag/verify.ts'
import type { HeaderMap, HeaderRow } from '../../core/cells/map-headers.ts'
import type { TableCell, TableRow } from '../../core/cells/table-row.ts'
import type { Encoding } from '../../core/csv/encoding.ts'
import type { CsvFault } from '../../core/csv/read-rows.ts'

export interface TableReader {
  /** Yields the rows of each piece; each group must be iterated before the next is requested. */
  readonly groups: () => AsyncGenerator<Iterable<TableRow>>
  /** The cells of the row yielded last. */
  readonly cells: () => readonly TableCell[]
  /** The texts of its cells, also of those in a merge; empty where a cell has none. */
  readonly texts: () => readonly string[]
  /** One of its cells; empty if there is no such cell. */
  readonly cell: (column: number) => TableCell
  /** What a spreadsheet stores in one of its cells; absent for a text file, where all cells are texts. */
  readonly kindOf?: (column: number) => CellKind
  /** Whether all of its cells are blank. */
  readonly isBlank: () => boolean
  /** Byte offset of one of its cells, in a text file. */
  readonly offsetOf: (column: number) => number | undefined
  /** After the last row: why reading stopped early, if it did. */
  readonly fault: () => CsvFault | undefined
  /** After the last row: whether end-of-file characters of DOS followed it, which are ignored. */
  readonly hasEndMark: () => boolean
}

export interface OpenTable {
  /** Of a text file. */
  readonly encoding?: Encoding
  /** Separates the cells of a text file. */
  readonly delimiter?: string
  /** The header, if it is known without reading rows; else it is the first row. */
  readonly header?: HeaderRow
  /** Rows up to the last of the header. */
  readonly headerRows: number
  /** Iterates over the rows; with the map of the header once there is one. */
  readonly read: (map?: HeaderMap) => TableReader
  readonly close: () => Promise<void>
}

export interface TableOptions {
  readonly bag: Pick<Bag, 'read'>
  readonly file: Pick<BundleFile, 'path' | 'delimiter' | 'sheet' | 'encoding'>
  /** Whether a text is a header of the table: it decides how many rows the header of a sheet has. */
  readonly isHeader: (text: string) => boolean
  /** Whether cells with a formula are errors. */
  readonly refusesFormulas: boolean
  /** Whether rows are about persons, so that findings name nothing that a provider typed. */
  readonly isPersonal: boolean
  /** Whether a quote inside an unquoted cell of a text file is part of its text. */
  readonly innerQuotes?: boolean
  readonly limits: BundleLimits
  /** Folder for encrypted scratch files; by default the system's. */
  readonly scratch?: string | undefined
  /** Called while a table is opened, with the number of rows seen. */
  readonly onRows?: ((rows: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface OpenedTable {
  /** Absent if there is an error. */
  readonly table?: OpenTable
  readonly findings: readonly Finding[]
}
