/**
 * Reads files back into canonical texts with independent readers: csv-parse, JSON, parquet-wasm with
 * apache-arrow, LibreOffice.
 */
import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type DataType, Type, tableFromIPC } from 'apache-arrow'
import { parse } from 'csv-parse/sync'
import { readParquet } from 'parquet-wasm'
import { type Field, fieldType } from '../../src/contract/index.ts'
import type { RecordValues } from '../../src/formats/index.ts'
import { installed, temporaryFolder } from './tools.ts'

/** Rows of a CSV whose header names these fields. */
export function rowsOfCsv(bytes: Buffer, fields: readonly Field[]): readonly RecordValues[] {
  const [header, ...rows] = parse(bytes, { bom: true }) as string[][]
  if (header?.join() !== fields.map(({ name }) => name).join()) throw new Error(`the header is ${header}`)
  return rows.map((cells) => cells.map((cell) => (cell === '' ? null : cell)))
}

/** Rows of JSON records, keeping the digits of their numbers. */
export function rowsOfJson(
  records: readonly Record<string, unknown>[],
  fields: readonly Field[],
): readonly RecordValues[] {
  return records.map((record) => fields.map((field) => textOf(record[field.name], field)))
}

/** The columns of a Parquet file with arrow's names of their types, and its rows. */
export function readParquetFile(bytes: Buffer, fields: readonly Field[]) {
  const table = tableFromIPC(readParquet(bytes).intoIPCStream())
  const types = Object.fromEntries(table.schema.fields.map(({ name, type }) => [name, String(type)]))
  const columns = fields.map((field) => {
    const vector = table.getChild(field.name)
    if (vector === null) throw new Error(`no column ${field.name}`)
    return Array.from({ length: table.numRows }, (_, row) =>
      textOf(plain(vector.get(row), vector.type), field),
    )
  })
  const rows = Array.from(
    { length: table.numRows },
    (_, row): RecordValues => columns.map((column) => column[row] ?? null),
  )
  return { types, rows }
}

/** A cell value of arrow as JSON would have it; a decimal as its text. */
function plain(value: unknown, type: DataType): unknown {
  if (value === null) return null
  if (type.typeId === Type.Decimal) {
    const { scale } = type as DataType & { readonly scale: number }
    return decimalText(value as Uint32Array, scale)
  }
  if (type.typeId === Type.List) return [...(value as Iterable<unknown>)]
  if (type.typeId === Type.Date) return new Date(Number(value)).toISOString().slice(0, 10)
  if (type.typeId === Type.Timestamp) return `${new Date(Number(value)).toISOString().slice(0, 19)}Z`
  return value
}

/** Words of a two's complement number, the lowest first. */
function decimalText(words: Uint32Array, scale: number): string {
  const unsigned = [...words].reduce((sum, word, n) => sum + (BigInt(word) << BigInt(32 * n)), 0n)
  const value = BigInt.asIntN(32 * words.length, unsigned)
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  return value < 0n ? `-${text}` : text
}

/** A value as the canonical text of its field. */
function textOf(value: unknown, field: Field): string | null {
  if (value === null || value === undefined) return null
  if (Array.isArray(value)) return value.join(';')
  if (typeof value !== 'number' || field.type !== 'number') return String(value)
  if (field.scale !== undefined) return value.toFixed(field.scale)
  // Without an exponent, as the service writes numbers.
  const text = value.toFixed(20)
  return String(value).includes('e') ? shortest(text, value) : String(value)
}

function shortest(text: string, value: number): string {
  for (let decimals = 0; decimals <= 20; decimals += 1) {
    const short = value.toFixed(decimals)
    if (Number(short) === value) return short
  }
  return text
}

/**
 * Rows of a workbook's first sheet, or of any file that LibreOffice opens, as it displays them. It displays
 * only fourteen digits of a number with decimals where Excel displays fifteen; longer ones are read from the
 * cell's stored value.
 */
export async function rowsByLibreOffice(
  name: string,
  bytes: Buffer,
  fields: readonly Field[],
): Promise<readonly RecordValues[]> {
  const shown = rowsOfCsv(await convert(name, bytes, csvFilter, 'csv'), fields)
  const stored = rowsOfCsv(await convert(name, bytes, `${csvFilter},1,,0,false,true,false`, 'csv'), fields)
  return shown.map((row, n) =>
    row.map((text, index) => {
      const field = fields[index]
      if (text === null || field === undefined) return text
      if (field.type === 'boolean') return fieldType('boolean').parse(text, {}) ?? text
      const isLong = field.type === 'number' && text.replace(/[-.]|^-?0[.0]*/g, '').length > 14
      return isLong ? textOf(Number(stored[n]?.[index]), field) : text
    }),
  )
}

/** Comma, double quote, UTF-8. */
const csvFilter = 'csv:Text - txt - csv (StarCalc):44,34,76'

/** False if LibreOffice is installed, otherwise the reason to skip. */
export const withoutLibreOffice = installed('soffice')
  ? false
  : 'LibreOffice is not installed: apt-get install libreoffice-calc'

/** Converts a file with LibreOffice, under a temporary profile. */
export async function convert(
  name: string,
  bytes: Buffer,
  filter: string,
  extension: string,
): Promise<Buffer> {
  const folder = await temporaryFolder('soffice')
  try {
    await writeFile(join(folder, name), bytes)
    const profile = `-env:UserInstallation=file://${join(folder, 'profile')}`
    const options = ['--headless', '--norestore', profile, '--convert-to', filter, '--outdir', folder]
    await promisify(execFile)('soffice', [...options, join(folder, name)], { timeout: 300_000 })
    const stem = name.slice(0, name.lastIndexOf('.'))
    // LibreOffice adds the sheet's name if a sheet is selected.
    const candidates = [`${stem}.${extension}`, `${stem}-data.${extension}`]
    const found = await Promise.allSettled(candidates.map((each) => readFile(join(folder, each))))
    const read = found.find((each) => each.status === 'fulfilled')
    if (read === undefined) throw new Error('LibreOffice wrote nothing')
    return read.value
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
