/**
 * An independent reader for the corpus: decodes with iconv-lite and TextDecoder, parses with csv-parse, and repeats the
 * typing rules of the trial's contract field by field, without using the product's code. It returns the
 * acceptable rows with their corrections, or rejects the file.
 */
import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import iconv from 'iconv-lite'

export type OracleRow = readonly (string | null)[]

export interface OracleFile {
  /** With row numbers as in Excel. */
  readonly rows: readonly { readonly row: number; readonly values: OracleRow }[]
  readonly repairs: Readonly<Record<string, number>>
}

/** Thrown to reject; the message gives the reason, to investigate a disagreement. */
export class OracleRefusal extends Error {
  override readonly name = 'OracleRefusal'
}

const refuse = (why: string): never => {
  throw new OracleRefusal(why)
}

/** Reads one CSV. Keys across files are checked by `hasDuplicateKey`. */
export function readCsv(bytes: Buffer, delimiter: string, claim?: string): OracleFile {
  const cells = cut(decode(bytes, claim), delimiter)
  return readTable(cells)
}

/** Types a table of texts: the first row are headers. */
export function readTable(cells: readonly (readonly string[])[]): OracleFile {
  const [header = [], ...below] = cells
  const columns = fieldsOf(header)
  const repairs: Record<string, number> = {}
  const note = (repair: string) => {
    repairs[repair] = (repairs[repair] ?? 0) + 1
  }
  for (const [column, index] of columns.entries()) {
    if (index >= 0 && !spellings(index).includes(header[column] ?? '')) note('header')
  }
  const isBlank = (row: readonly string[]) => row.every((cell) => strip(cell) === '')
  const end = below.findLastIndex((row) => !isBlank(row)) + 1
  if (end === 0) refuse('no rows')
  const rows = below.slice(0, end).map((row, n) => {
    if (isBlank(row)) refuse(`row ${n + 2} is blank`)
    return { row: n + 2, values: readRow(row, columns, note) }
  })
  return { rows, repairs }
}

/** Whether two rows of a bundle have one key. */
export function hasDuplicateKey(files: readonly OracleFile[]): boolean {
  const seen = new Set<string>()
  for (const { values } of files.flatMap(({ rows }) => rows)) {
    const key = JSON.stringify(values.slice(0, 2))
    if (seen.has(key)) return true
    seen.add(key)
  }
  return false
}

const utf8Names = ['utf-8', 'utf8', 'utf-8-sig']
const gbNames = ['gb18030', 'gbk', 'gb2312', 'cp936']

function decode(bytes: Buffer, claim?: string): string {
  const name = claim?.toLowerCase()
  if (name !== undefined && !utf8Names.includes(name) && !gbNames.includes(name)) refuse('unknown encoding')
  const hasBom = bytes.subarray(0, 3).toString('hex') === 'efbbbf'
  if (bytes.length === (hasBom ? 3 : 0)) refuse('empty')
  if (/^(fffe|feff)/.test(bytes.subarray(0, 2).toString('hex'))) refuse('UTF-16')
  if (bytes.includes(0)) refuse('NUL')
  if (hasBom && name !== undefined && gbNames.includes(name)) refuse('a BOM in a file declared as GB18030')
  const utf8 = name !== undefined && gbNames.includes(name) ? undefined : strictUtf8(bytes)
  const text =
    utf8 ?? (hasBom || (name !== undefined && utf8Names.includes(name)) ? undefined : strictGb(bytes))
  if (text === undefined) return refuse('undecodable')
  const read = utf8 === undefined ? text.replace(/^\ufeff/, '') : text
  if (read === '') refuse('empty')
  if (read.includes('\ufeff')) refuse('a BOM in the middle')
  return read
}

function strictUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** iconv-lite replaces invalid bytes, so its text is accepted only if it encodes to the same bytes. */
function strictGb(bytes: Buffer): string | undefined {
  const text = iconv.decode(bytes, 'gb18030', { stripBOM: false })
  return iconv.encode(text, 'gb18030').equals(bytes) ? text : undefined
}

function cut(text: string, delimiter: string): readonly (readonly string[])[] {
  try {
    return parse(text, {
      delimiter,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      skip_empty_lines: false,
    }) as string[][]
  } catch (error) {
    return refuse(`csv-parse: ${String(error)}`)
  }
}

const fieldNames = [
  ...['site', 'district', 'sex', 'pupils', 'mean', 'share', 'tested_on', 'opens', 'verified', 'tags', 'note'],
]
/** Whether a header has exactly the contract's spelling. */
const spellings = (index: number) => {
  const name = fieldNames[index] ?? ''
  const more = name === 'site' ? ['地点名称'] : name === 'share' ? ['测试 share(%)', 'Test share (%)'] : []
  return [name, `测试 ${name}`, `Test ${name}`, ...more]
}
const neededFields = new Set([0, 1, 3])

/** The index of the field of each column, -1 for an ignored one, -2 for one without a header. */
function fieldsOf(header: readonly string[]): readonly number[] {
  const names = header.map((text) => squeeze(text))
  const columns = names.map((name) => {
    if (name === '') return -2
    if (name === '序号') return -1
    const index = fieldNames.findIndex(
      (field) =>
        name === field ||
        name === `测试${field}` ||
        name === `test${field}` ||
        (field === 'share' && (name === '测试share(%)' || name === 'testshare(%)')) ||
        (field === 'site' && name === '地点名称'),
    )
    return index < 0 ? refuse(`unknown header in column ${names.indexOf(name)}`) : index
  })
  const named = names.filter((name) => name !== '')
  if (new Set(named).size < named.length) refuse('a header twice')
  const fields = columns.filter((column) => column >= 0)
  if (new Set(fields).size < fields.length) refuse('a field twice')
  for (const index of neededFields) if (!fields.includes(index)) refuse(`no column ${fieldNames[index]}`)
  return columns
}

const squeeze = (text: string) =>
  text
    .normalize('NFKC')
    .replace(/[\s\u00ad\u200b-\u200f\u2060\ufeff]+/g, '')
    .toLowerCase()
/** Trims white space; `more` has further characters that count as such in cells. */
const strip = (text: string, more = '') => {
  const isBlank = (sign: string | undefined) =>
    sign !== undefined && (/[\s\ufeff]/.test(sign) || more.includes(sign))
  const signs = [...text]
  while (isBlank(signs[0])) signs.shift()
  while (isBlank(signs.at(-1))) signs.pop()
  return signs.join('')
}

type Note = (repair: string) => void

function readRow(row: readonly string[], columns: readonly number[], note: Note): OracleRow {
  if (row.length < columns.length) refuse('a short row')
  if (row.slice(columns.length).some((cell) => strip(cell) !== '')) refuse('a long row')
  const values = new Array<string | null>(fieldNames.length).fill(null)
  for (const [column, index] of columns.entries()) {
    const given = row[column] ?? ''
    if (index === -2 && strip(given) !== '') refuse('text without a header')
    if (index < 0) continue
    const text = strip(given, '\u200b\u2060')
    const isMissing = ['', '-', '未提供'].includes(text)
    if (!isMissing && text !== given) note('blanks')
    values[index] = isMissing ? null : (readers[index]?.(text, note) ?? null)
    if (values[index] === null && neededFields.has(index)) refuse(`${fieldNames[index]} is required`)
  }
  const [mean, share] = [values[4], values[5]]
  if (mean != null && share != null && Number(mean) > Number(share)) refuse('mean above share')
  return values
}

type Reader = (text: string, note: Note) => string

const exponent = /^[+-]?[0-9](\.[0-9]+)?E[+-]?[0-9]+$/i

const readText: Reader = (text) => (exponent.test(text) && text.includes('E+') ? refuse('an exponent') : text)

const readSite: Reader = (text, note) => {
  const site = readText(text, note)
  return [...site].length > 12 ? refuse('a long name') : site
}

interface CodeRow {
  readonly code: string
  readonly zh: string
  readonly en: string
  readonly valid_from?: string
  readonly valid_until?: string
}

/** Codes or their labels; csv-parse reads the code lists here. */
function codeReader(list: string): Reader {
  const rows = parse(readFileSync(`datasets/codes/${list}.csv`), { columns: true }) as CodeRow[]
  const valid = ({ valid_from = '', valid_until = '' }: CodeRow) =>
    valid_from <= '2025-12-31' && (valid_until === '' || valid_until >= '2025-12-31')
  const pick = (found: readonly CodeRow[]) => {
    const codes = new Set(found.filter(valid).map(({ code }) => code))
    const [only] = codes
    return only === undefined || codes.size > 1 ? refuse(`no code of ${list}`) : only
  }
  return (given, note) => {
    const text = readText(given, note)
    const exact = rows.filter(({ code }) => code === text)
    if (exact.length > 0) return pick(exact)
    const loose = rows.filter(({ code }) => squeeze(code) === squeeze(text))
    if (loose.length > 0) {
      note('width')
      return pick(loose)
    }
    const called = rows.filter(({ zh, en }) => [squeeze(zh), squeeze(en)].includes(squeeze(text)))
    if (called.length > 0) note('label')
    return pick(called)
  }
}

/** Removes invisible characters; full-width ASCII and the minus sign become plain ones. */
function half(given: string, note: Note): string {
  const seen = given.replace(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g, '')
  if (seen !== given) note('invisible')
  const text = seen === given ? given : strip(seen)
  const plain = [...text]
    .map((sign) => {
      const code = sign.codePointAt(0) ?? 0
      if (code === 0x2212) return '-'
      return code >= 0xff01 && code <= 0xff5e ? String.fromCodePoint(code - 0xff01 + 0x21) : sign
    })
    .join('')
  if (plain !== text) note('width')
  return plain
}

/** A decimal number as its sign, whole digits and decimals, without redundant zeros. */
function digitsOf(given: string, note: Note, percent: boolean) {
  if (exponent.test(given)) refuse('an exponent')
  let text = half(given, note)
  const share = /^([^%]*[0-9]) ?%$/.exec(text)
  if (percent && share !== null) {
    note('percent')
    text = share[1] ?? ''
  }
  if (/^[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$/.test(text)) {
    note('thousands')
    text = text.split(',').join('')
  }
  const match = /^([+-]?)([0-9]+)(?:\.([0-9]+))?$/.exec(text)
  if (match === null) return refuse('no number')
  const whole = (match[2] ?? '').replace(/^0+/, '')
  const decimals = (match[3] ?? '').replace(/0+$/, '')
  const significant = `${whole}${decimals}`.replace(/^0+/, '').length
  if (significant > 15 || whole.length + decimals.length > 15) refuse('too many digits')
  const zero = significant === 0
  return { sign: match[1] === '-' && !zero ? '-' : '', whole, decimals, dotted: match[3] !== undefined }
}

const readPupils: Reader = (text, note) => {
  const { sign, whole, dotted } = digitsOf(text, note, false)
  if (dotted) refuse('a fraction')
  const value = BigInt(`${sign}${whole === '' ? '0' : whole}`)
  return value < 0n || value > 100_000n ? refuse('out of bounds') : String(value)
}

const tenths =
  (percent: boolean): Reader =>
  (text, note) => {
    const { sign, whole, decimals } = digitsOf(text, note, percent)
    if (decimals.length > 1) refuse('too many decimals')
    return `${sign}${whole === '' ? '0' : whole}.${decimals === '' ? '0' : decimals}`
  }

const readDay: Reader = (given, note) => {
  const text = half(readText(given, note), note)
  const match = /^([0-9]{4})([/.年-])([0-9]{1,2})([/.月-])([0-9]{1,2})(日?)$/.exec(text)
  if (match === null) return refuse('not a day')
  const [year, month, day] = [Number(match[1]), Number(match[3]), Number(match[5])]
  const [first = '', second, last] = [match[2], match[4], match[6]]
  if (second !== (first === '年' ? '月' : first) || (last !== '' && first !== '年')) refuse('not a day')
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const length = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  if (year < 1000 || length === undefined || day < 1 || day > length) refuse('no such day')
  const two = (n: number) => String(n).padStart(2, '0')
  const plain = `${year}-${two(month)}-${two(day)}`
  if (plain !== text) note('date')
  return plain
}

const readTime: Reader = (given, note) => {
  const text = half(readText(given, note), note)
  const match = /^([0-9]{1,2}):([0-9]{2})(:00)?$/.exec(text)
  if (match === null) return refuse('no time')
  const [hour, minute] = [Number(match[1]), Number(match[2])]
  if (!(hour <= 23 && minute <= 59) && !(hour === 24 && minute === 0)) refuse('no such time')
  const plain = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
  if (plain !== text) note('time')
  return plain
}

const readBoolean: Reader = (given, note) => {
  const text = half(readText(given, note), note)
  if (['true', 'TRUE', '是'].includes(text)) return 'true'
  return ['false', 'FALSE', '否'].includes(text) ? 'false' : refuse('not a boolean')
}

const readTags: Reader = (given, note) => {
  const tags = readText(given, note)
    .split(/[;、]/)
    .map((tag) => strip(tag))
  if (tags.includes('') || new Set(tags).size < tags.length) refuse('not a list')
  return tags.join(';')
}

const readers: readonly Reader[] = [
  readSite,
  codeReader('districts'),
  codeReader('sex'),
  readPupils,
  tenths(false),
  tenths(true),
  readDay,
  readTime,
  readBoolean,
  readTags,
  readText,
]
