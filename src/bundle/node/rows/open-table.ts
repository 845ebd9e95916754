/**
 * The table of a file in any format: rows by number, cells as texts. Opened once, read any number of times.
 * If it is unreadable, the findings say why.
 */

import { isUtf8 } from 'node:buffer'
import { tmpdir } from 'node:os'
import { inspectText } from '../../core/csv/encoding.ts'
import { buildCsvReader } from '../../core/csv/read-rows.ts'
import { openSheetTable } from '../xlsx/sheet-table.ts'
import type { OpenedTable, TableOptions } from './table.ts'

/** Opens the table of a file. Close it when done. */
export async function openTable(options: TableOptions): Promise<OpenedTable> {
  const { file } = options
  return file.sheet === undefined
    ? await openCsvTable(options)
    : await openSheetTable({ ...options, sheet: file.sheet, scratch: options.scratch ?? tmpdir() })
}

async function openCsvTable({ bag, file, limits, innerQuotes = false }: TableOptions): Promise<OpenedTable> {
  const { path, delimiter, encoding } = file
  const { shape, findings } = await inspectText(() => bag.read(path), path, isUtf8, encoding)
  if (shape === undefined) return { findings }
  const { fieldBytesMax } = limits
  const table = {
    encoding: shape.encoding,
    delimiter,
    headerRows: 1,
    read: () => buildCsvReader(bag.read(path), { ...shape, delimiter, fieldBytesMax, innerQuotes }),
    close: async () => {},
  }
  return { table, findings }
}
