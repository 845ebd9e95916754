/**
 * Reads a file as a table without knowing its contract, and keeps the first rows as texts. It corrects nothing and
 * judges no cell.
 */
import type { Finding } from '../../../platform/finding.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import { type LooseFile, namesOf, openLooseFile } from './loose-file.ts'

export interface LooseTable extends Pick<LooseFile, 'above' | 'mustBeginLater' | 'delimiter'> {
  readonly headers: readonly string[]
  /** Number of the last row of the header, from 1. */
  readonly headerRow: number
  /** The first rows below the header that have content, each as wide as the header. */
  readonly rows: readonly (readonly string[])[]
  /** Whether these are all rows. */
  readonly isComplete: boolean
}

export interface LooseTableOptions {
  readonly limits: BundleLimits
  /** Rows to keep. */
  readonly rowsMax: number
  readonly sheet?: string | undefined
}

/** Reads the table of a file. Without a table the findings say why. */
export async function readLooseTable(
  path: string,
  { limits, rowsMax, sheet }: LooseTableOptions,
): Promise<{ readonly table?: LooseTable; readonly findings: readonly Finding[] }> {
  const { file, findings } = await openLooseFile(path, {
    // Every text may be a header, so a merged header is read to its last row.
    isHeader: () => true,
    refusesFormulas: false,
    isPersonal: false,
    findHeader: fullestRow,
    ...{ limits, sheet },
  })
  if (file === undefined) return { findings }
  const { table, ...about } = file
  try {
    return { table: { ...about, ...(await readRows(file, rowsMax)) }, findings }
  } finally {
    await table.close()
  }
}

async function readRows({ table, header }: LooseFile, rowsMax: number) {
  const headers = [...namesOf(header)]
  while (headers.at(-1) === '') headers.pop()
  const rows: string[][] = []
  let isComplete = true
  const reader = table.read()
  read: for await (const group of reader.groups()) {
    for (const { row } of group) {
      if (row <= header.rows || reader.isBlank()) continue
      isComplete = rows.length < rowsMax
      if (!isComplete) break read
      const cells = reader.texts()
      rows.push(headers.map((_header, column) => cells[column] ?? ''))
    }
  }
  return { headers, headerRow: header.rows, rows, isComplete }
}

/** A header fills at least this share of the columns; a title fills one or two. */
const headerShareMin = 0.6

/** The first row that fills most columns: rows above it are titles. */
function fullestRow(rows: readonly (readonly string[])[]) {
  const filled = rows.map((cells) => cells.filter((text) => text !== '').length)
  const most = Math.max(0, ...filled)
  const index = filled.findIndex((count) => count >= Math.max(1, most * headerShareMin))
  return { index: Math.max(0, index), score: filled[index] ?? 0 }
}
