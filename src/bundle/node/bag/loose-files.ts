/**
 * What a loose file does not say of itself and a bag does: by which sign its fields are separated. Takes the one by
 * which its first row has a header that the contract knows, if there is exactly one; a guess is left to nobody.
 */
import { createReadStream } from 'node:fs'
import type { Contract } from '../../../contract/index.ts'
import { delimiters, isWorkbook, tableFiles } from '../../core/bag/descriptor.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import { headerKnower } from '../../core/cells/map-headers.ts'
import { inspectText, type TextShape } from '../../core/csv/encoding.ts'
import { buildCsvReader } from '../../core/csv/read-rows.ts'
import type { TableDialect } from './create-bag.ts'

/** Whether a name is that of a file that can be brought without a bag around it. */
export function isTableFile(path: string): boolean {
  return tableFiles.test(path)
}

export interface LooseOptions {
  readonly contract: Contract
  readonly limits: BundleLimits
  /** The sheet to read, where it is a workbook. */
  readonly sheet?: string | undefined
}

/** How the table of a loose file is read; undefined where nothing has to be said, or can be. */
export async function dialectOf(path: string, options: LooseOptions): Promise<TableDialect | undefined> {
  const { contract, limits, sheet } = options
  if (isWorkbook(path)) return sheet === undefined ? undefined : { sheetName: sheet }
  const read = () => createReadStream(path, { highWaterMark: 1 << 20 })
  const { shape } = await inspectText(read, path)
  if (shape === undefined) return undefined
  const knows = headerKnower(contract)
  const known: string[] = []
  const rows = new Set<string>()
  for (const delimiter of delimiters) {
    const cells = await firstCells(read(), shape, delimiter, limits)
    // A header of one column is the same by any sign.
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
