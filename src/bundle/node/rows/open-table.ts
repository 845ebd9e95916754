/**
 * The table of a file, whatever kind of file it is: rows by number, cells as texts. Opened once, walked as often as
 * asked. What forbids walking it comes back as findings.
 */
import { tmpdir } from 'node:os'
import type { Contract } from '../../../contract/index.ts'
import type { Finding } from '../../../platform/finding.ts'
import type { Bag } from '../../core/bag/bag.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import type { BundleFile } from '../../core/bag/verify.ts'
import type { HeaderMap, HeaderRow } from '../../core/cells/map-headers.ts'
import type { CellFault } from '../../core/cells/read-code.ts'
import { inspectText } from '../../core/csv/encoding.ts'
import { buildCsvReader, type CsvFault } from '../../core/csv/read-rows.ts'
import { openSheetTable } from '../xlsx/sheet-table.ts'

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

/** Opens the table of a file. Close it when done. */
export async function openTable(options: TableOptions): Promise<OpenedTable> {
  const { file } = options
  return file.sheet === undefined
    ? await openCsvTable(options)
    : await openSheetTable({ ...options, sheet: file.sheet, scratch: options.scratch ?? tmpdir() })
}

async function openCsvTable({ bag, file, limits }: TableOptions): Promise<OpenedTable> {
  const { path, delimiter, encoding } = file
  const { shape, findings } = await inspectText(() => bag.read(path), path, encoding)
  if (shape === undefined) return { findings }
  const { fieldBytesMax } = limits
  const table = {
    headerRows: 1,
    read: () => buildCsvReader(bag.read(path), { ...shape, delimiter, fieldBytesMax }),
    close: async () => {},
  }
  return { table, findings }
}
