/** Reads the first visible sheet of a workbook with hucre, and converts each cell as in docs/office-files.md. */
import { readXlsx } from 'hucre/xlsx'
import { OracleRefusal } from './oracle-csv.ts'

/** The texts of the sheet, its header first. Throws OracleRefusal if a cell has none. */
export async function readSheet(bytes: Buffer): Promise<readonly (readonly string[])[]> {
  const { sheets } = await readXlsx(bytes, { readStyles: true })
  const sheet = sheets.find(({ hidden, veryHidden }) => hidden !== true && veryHidden !== true)
  if (sheet === undefined) throw new OracleRefusal('no sheet')
  const width = Math.max(0, ...sheet.rows.map((row) => row.length))
  return sheet.rows.map((row, n) =>
    Array.from({ length: width }, (_, column) => {
      const cell = sheet.cells?.get(`${n},${column}`)
      if (cell?.type === 'error') throw new OracleRefusal('an error in a cell')
      const value = cell?.type === 'formula' ? (cell.formulaResult ?? cell.value) : (row[column] ?? null)
      return textOf(value, cell?.style?.numFmt ?? '')
    }),
  )
}

function textOf(value: string | number | boolean | Date | null, format: string): string {
  if (value === null) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  if (value instanceof Date) return dateText(value, format)
  if (!Number.isFinite(value) || Math.abs(value) >= 1e15) throw new OracleRefusal('an invalid number')
  if (format.includes('%')) return `${decimal(value, 2)}%`
  const text = decimal(value, 0)
  return /^0+$/.test(format) && /^\d+$/.test(text) ? text.padStart(format.length, '0') : text
}

/** The decimal of 15 significant digits, its point moved to the right. */
function decimal(value: number, moved: number): string {
  const [, sign = '', first = '', rest = '', power = '0'] =
    /^(-?)(\d)\.?(\d*)e([+-]\d+)$/.exec(value.toExponential(14)) ?? []
  const digits = first + rest
  const point = 1 + Number(power) + moved
  const padded = point <= 0 ? `${'0'.repeat(1 - point)}${digits}` : digits.padEnd(point, '0')
  const at = Math.max(1, point)
  const fraction = padded.slice(at).replace(/0+$/, '')
  const text = `${padded.slice(0, at)}${fraction === '' ? '' : `.${fraction}`}`
  return /[1-9]/.test(text) ? sign + text : text
}

function dateText(value: Date, format: string): string {
  const iso = new Date(Math.round(value.getTime())).toISOString()
  const seconds = iso.slice(17, 19) === '00' ? iso.slice(11, 16) : iso.slice(11, 19)
  if (value.getUTCFullYear() < 1900 && !/[yd]/i.test(format)) return seconds
  return iso.slice(11, 23) === '00:00:00.000' ? iso.slice(0, 10) : `${iso.slice(0, 19)}`
}
