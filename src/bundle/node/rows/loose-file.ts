/**
 * Opens a loose file, CSV or XLSX, as its owner has it: finds the separator of a text, and the row of the header below
 * the titles. What a header looks like is decided by the caller.
 */
import { createReadStream } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename } from 'node:path'
import { defined } from '../../../platform/defined.ts'
import { columnLetters, type Finding } from '../../../platform/finding.ts'
import { delimiters, isWorkbook } from '../../core/bag/descriptor.ts'
import type { HeaderRow } from '../../core/cells/map-headers.ts'
import { openTable } from './open-table.ts'
import type { OpenTable, TableOptions } from './table.ts'

export interface LooseFileOptions extends Omit<TableOptions, 'bag' | 'file' | 'scratch'> {
  /** The sheet to read, if it is a workbook. */
  readonly sheet?: string | undefined
  /**
   * Finds the header among the first rows with content: its index, and how much it is like a header. The separator with
   * the most likely header is taken.
   */
  readonly findHeader: (rows: readonly (readonly string[])[]) => {
    readonly index: number
    readonly score: number
  }
}

export interface LooseFile {
  /** Close it when done. */
  readonly table: OpenTable
  readonly header: HeaderRow
  /** Texts above the header, such as the title of the table. */
  readonly above: readonly string[]
  /** Whether there are rows above the header, which a bundle may not have. */
  readonly mustBeginLater: boolean
  /** The separator of a text file. */
  readonly delimiter?: string
}

/** The header is looked for in so many rows. */
const headerSearchRows = 15

/** Opens a loose file. Without a file the findings say why. */
export async function openLooseFile(
  path: string,
  options: LooseFileOptions,
): Promise<{ readonly file?: LooseFile; readonly findings: readonly Finding[] }> {
  let best: (LooseFile & { readonly score: number }) | undefined
  let found: readonly Finding[] = []
  for (const delimiter of isWorkbook(path) ? [undefined] : delimiters) {
    const { table, findings } = await openTable({ ...options, ...sourceOf(path, options, delimiter) })
    if (table === undefined) {
      await best?.table.close()
      return { findings }
    }
    const file = await withHeader(table, options)
    if (best !== undefined && file.score <= best.score) {
      await table.close()
      continue
    }
    await best?.table.close()
    best = { table, ...file, ...defined({ delimiter }) }
    found = findings
  }
  return { ...defined({ file: best }), findings: found }
}

function sourceOf(path: string, { sheet }: LooseFileOptions, delimiter: string | undefined) {
  return {
    bag: { read: () => createReadStream(path, { highWaterMark: 1 << 20 }) },
    file: {
      path: basename(path),
      delimiter: delimiter ?? ',',
      ...(delimiter === undefined ? { sheet: defined({ name: sheet }) } : {}),
    },
    scratch: tmpdir(),
  }
}

async function withHeader(table: OpenTable, { findHeader }: LooseFileOptions) {
  const rows = await firstRows(table)
  const { index, score } = findHeader(rows.map(({ cells }) => cells))
  const header = rows[index]?.header ?? headerAt(1, [])
  const title = table.header?.title === undefined ? [] : [table.header.title.trim()]
  const above = rows.slice(0, index).flatMap(({ cells }) => cells.filter((text) => text !== ''))
  return { header, score, above: [...title, ...above], mustBeginLater: index > 0 }
}

/** The first rows with content; of a workbook, its merged header counts as one row. */
async function firstRows(table: OpenTable) {
  const rows: { readonly cells: readonly string[]; readonly header: HeaderRow }[] = []
  if (table.header !== undefined)
    rows.push({ cells: table.header.cells.map((text) => text.trim()), header: table.header })
  const reader = table.read()
  for await (const group of reader.groups()) {
    for (const { row } of group) {
      if (reader.isBlank()) continue
      if (rows.length >= headerSearchRows) return rows
      const cells = reader.texts()
      rows.push({ cells, header: headerAt(row, cells) })
    }
  }
  return rows
}

/** The headers of a file's columns: the text of a column behind that of its group. */
export function namesOf({ cells, groups = [] }: HeaderRow): readonly string[] {
  return cells.map((text, column) => (text === '' ? '' : `${groups[column] ?? ''}${text}`.trim()))
}

/** The header of a table in a row below titles. */
export function headerAt(row: number, cells: readonly string[]): HeaderRow {
  const placeOf = (column: number) => ({ row, cell: `${columnLetters(column)}${row}` })
  return { cells, rows: row, placeOf, offsetOf: () => undefined }
}
