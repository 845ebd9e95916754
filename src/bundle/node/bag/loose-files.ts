/**
 * Finds the field separator of a loose file, which only a bag states. Takes the one for which the first row
 * has a header known to the contract, if there is exactly one; never guesses.
 */
import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import type { Contract } from '../../../contract/index.ts'
import { delimiters, isWorkbook, tableFiles } from '../../core/bag/descriptor.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import { buildHeaderTest } from '../../core/cells/map-headers.ts'
import { inspectText, type TextShape } from '../../core/csv/encoding.ts'
import { buildCsvReader } from '../../core/csv/read-rows.ts'
import type { TableDialect } from './create-bag.ts'

/** Whether a file of this name can be sent without a bag. */
export function isTableFile(path: string): boolean {
  return tableFiles.test(path)
}

export interface LooseOptions {
  readonly contract: Contract
  readonly limits: BundleLimits
  /** The sheet to read, if it is a workbook. */
  readonly sheet?: string | undefined
}

/** How the table of a loose file is read; undefined for the default, or if it is unclear. */
export async function dialectOf(path: string, options: LooseOptions): Promise<TableDialect | undefined> {
  const { contract, limits, sheet } = options
  if (isWorkbook(path)) return sheet === undefined ? undefined : { sheetName: sheet }
  const read = () => createReadStream(path, { highWaterMark: 1 << 20 })
  const { shape } = await inspectText(read, path, isUtf8)
  if (shape === undefined) return undefined
  const knows = buildHeaderTest(contract)
  const known: string[] = []
  const rows = new Set<string>()
  for (const delimiter of delimiters) {
    const cells = await firstCells(read(), shape, delimiter, limits)
    // A single-column header is the same with every separator.
    const isNew = rows.size < rows.add(JSON.stringify(cells)).size
    if (isNew && cells.some(knows)) known.push(delimiter)
  }
  const [delimiter, ...others] = known
  return delimiter === undefined || others.length > 0 ? undefined : { delimiter }
}

async function firstCells(
  chunks: AsyncIterable<Uint8Array>,
  shape: TextShape,
  delimiter: string,
  { fieldBytesMax }: BundleLimits,
): Promise<readonly string[]> {
  const reader = buildCsvReader(chunks, { ...shape, delimiter, fieldBytesMax })
  for await (const group of reader.groups()) for (const _row of group) return reader.cells()
  return []
}
