/**
 * Reads a file as a table without knowing its contract: finds the separator and the header row, and keeps the first
 * rows as texts. It corrects nothing and judges no cell.
 */
import { createReadStream } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename } from 'node:path'
import type { Finding } from '../../../platform/finding.ts'
import { delimiters, isWorkbook, type TableForm } from '../../core/bag/descriptor.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import { openTable } from './open-table.ts'
import type { OpenTable } from './table.ts'

export interface LooseTable {
  readonly headers: readonly string[]
  /** Number of the last row of the header, from 1. */
  readonly headerRow: number
  /** Texts above the header, such as the title of the table. */
  readonly above: readonly string[]
  /** Whether the rows above the header must be removed before the file can be ingested. */
  readonly mustBeginLater: boolean
  /** The first rows below the header that have content, each as wide as the header. */
  readonly rows: readonly (readonly string[])[]
  /** Whether these are all rows. */
  readonly isComplete: boolean
  /** The separator of a text file. */
  readonly delimiter?: string
}

export interface LooseTableOptions {
  readonly limits: BundleLimits
  /** Rows to keep. */
  readonly rowsMax: number
  readonly sheet?: string | undefined
}

/** Rows above a header are looked for in so many rows. */
const headerSearchRows = 15

/** A header fills at least this share of the columns; a title fills one or two. */
const headerShareMin = 0.6

/** Reads the table of a file. Without a table the findings say why. */
export async function readLooseTable(
  path: string,
  options: LooseTableOptions,
): Promise<{ readonly table?: LooseTable; readonly findings: readonly Finding[] }> {
  const { sheet } = options
  if (isWorkbook(path))
    return readAs(path, { delimiter: ',', sheet: sheet === undefined ? {} : { name: sheet } }, options)
  let best: { readonly delimiter: string; readonly score: number } | undefined
  for (const delimiter of delimiters) {
    const { table, findings } = await readAs(path, { delimiter }, { ...options, rowsMax: headerSearchRows })
    if (table === undefined) return { findings }
    const score = table.headers.filter((header) => header !== '').length
    if (best === undefined || score > best.score) best = { delimiter, score }
  }
  const delimiter = best?.delimiter ?? ','
  const { table, findings } = await readAs(path, { delimiter }, options)
  return table === undefined ? { findings } : { table: { ...table, delimiter }, findings }
}

async function readAs(path: string, form: TableForm, { limits, rowsMax }: LooseTableOptions) {
  const name = basename(path)
  const { table, findings } = await openTable({
    bag: { read: () => createReadStream(path, { highWaterMark: 1 << 20 }) },
    file: { path: name, ...form },
    // Every text may be a header, so a merged header is read to its last row.
    isHeader: () => true,
    refusesFormulas: false,
    isPersonal: false,
    limits,
    scratch: tmpdir(),
  })
  if (table === undefined) return { findings }
  try {
    return { table: await readRows(table, rowsMax), findings }
  } finally {
    await table.close()
  }
}

interface NumberedRow {
  readonly row: number
  readonly cells: readonly string[]
}

async function readRows(table: OpenTable, rowsMax: number): Promise<LooseTable> {
  const { header } = table
  const lines: NumberedRow[] = []
  if (header !== undefined) {
    const { cells, groups = [] } = header
    const names = cells.map((text, column) => (text === '' ? '' : `${groups[column] ?? ''}${text}`))
    lines.push({ row: header.rows, cells: names })
  }
  let isComplete = true
  const reader = table.read()
  read: for await (const group of reader.groups()) {
    for (const { row } of group) {
      if (reader.isBlank()) continue
      if (lines.length > rowsMax + headerSearchRows) {
        isComplete = false
        break read
      }
      lines.push({ row, cells: reader.cells().map((cell) => (typeof cell === 'string' ? cell.trim() : '')) })
    }
  }
  const at = headerIndex(lines)
  const { cells = [], row = 1 } = lines[at] ?? {}
  const headers = cells.map((text) => text.trim())
  while (headers.at(-1) === '') headers.pop()
  const below = lines.slice(at + 1)
  return {
    headers,
    headerRow: row,
    above: [
      ...(header?.title === undefined ? [] : [header.title.trim()]),
      ...lines.slice(0, at).flatMap((line) => line.cells.filter((text) => text !== '')),
    ],
    mustBeginLater: at > 0,
    rows: below.slice(0, rowsMax).map((line) => headers.map((_header, column) => line.cells[column] ?? '')),
    isComplete: isComplete && below.length <= rowsMax,
  }
}

/** The first row that fills most columns: rows above it are titles. */
function headerIndex(lines: readonly NumberedRow[]): number {
  const filled = lines
    .slice(0, headerSearchRows)
    .map(({ cells }) => cells.filter((text) => text !== '').length)
  const most = Math.max(0, ...filled)
  return Math.max(
    0,
    filled.findIndex((count) => count >= Math.max(1, most * headerShareMin)),
  )
}
