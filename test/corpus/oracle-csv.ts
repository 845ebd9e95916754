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
  let end = bytes.length
  const lastByte = bytes.findLastIndex((byte) => ![0x0a, 0x0d, 0x1a].includes(byte))
  const mark = bytes.indexOf(0x1a, lastByte + 1)
  if (mark >= 0) end = mark
  const text = decode(bytes.subarray(0, end), claim)
  const file = readTable(cut(text, delimiter), delimiter)
  return end === bytes.length ? file : { ...file, repairs: { ...file.repairs, 'end-mark': 1 } }
}

/** Types a table of texts: the first row are headers. */
export function readTable(cells: readonly (readonly string[])[], delimiter?: string): OracleFile {
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
    if (delimiter !== undefined) refuseSwallowed(row, columns, delimiter)
    return { row: n + 2, values: readRow(row, columns, note) }
  })
  return { rows, repairs }
}

/** Whether two rows of a bundle have one key. */
export function hasDuplicateKey(files: readonly OracleFile[]): boolean {
  const seen = new Set<string>()
  for (const { values } of files.flatMap(({ rows }) => rows)) {
    const key = JSON.stringify(values.slice(0, 2).map(sameLooks))
    if (seen.has(key)) return true
    seen.add(key)
  }
  return false
}

/** Full width and half, composed or not, with or without what is not seen: one text to the eye. */
const sameLooks = (text: string | null) =>
  text === null
    ? null
    : [...text.replace(/[\u00ad\u200b-\u200d\u2060\ufeff]/g, '')]
        .map((sign) => (isCompatible(sign.codePointAt(0) ?? 0) ? sign.normalize('NFKC') : sign))
        .join('')
        .normalize('NFC')

/** Blanks, radicals, ligatures, full and half width. */
const isCompatible = (code: number) =>
  [0xa0, 0x202f, 0x205f, 0x3000].includes(code) ||
  [
    [0x2000, 0x200a],
    [0x2f00, 0x2fdf],
    [0xfb00, 0xfb06],
    [0xff01, 0xffe6],
  ].some(([from = 0, to = 0]) => code >= from && code <= to)

/** Refuses a row in which a cell of text holds whole rows: without its quotes the table has them too. */
function refuseSwallowed(row: readonly string[], columns: readonly number[], delimiter: string): void {
  for (const [column, index] of columns.entries()) {
    const cell = row[column] ?? ''
    if (![0, 10, 11, 12].includes(index) || !/[\r\n]/.test(cell) || cell.includes(`${delimiter} `)) continue
    // Other cells of the row may hold a delimiter, as `1,234`, or a line break of their own.
    const lines = cell.split(/\r\n|\n|\r/).map((line) => line.split(delimiter))
    const isRow = (cells: readonly string[]) => cells.length === columns.length && isReadable(cells, columns)
    if (columns.length >= 3 && lines.some(isRow)) refuse('swallowed rows')
    lines[0] = [...row.slice(0, column), ...(lines[0] ?? [])]
    lines.push([...(lines.pop() ?? []), ...row.slice(column + 1, columns.length)])
    if (lines.some((cells) => cells.length !== columns.length)) continue
    if (columns.length >= 3 && lines.every((cells) => isReadable(cells, columns))) refuse('swallowed rows')
  }
}

function isReadable(cells: readonly string[], columns: readonly number[]): boolean {
  try {
    readCells(cells, columns, () => {})
    return true
  } catch {
    return false
  }
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
  if (utf8 === undefined) refuseMixture(bytes)
  if (utf8 === undefined && /[\p{Co}\p{Cn}]/u.test(read)) refuse('a character without meaning')
  if (/^\s*<(!doctype html|html|table)\b|^\s*<\?xml |^%PDF-|^\s*(\[\s*\{|\{)\s*"/i.test(read))
    refuse('no table')
  if (read === '') refuse('empty')
  if (read.includes('\ufeff')) refuse('a BOM in the middle')
  return read
}

/** Refuses a cell that is frequent Chinese in UTF-8, and rare characters in GB18030. */
function refuseMixture(bytes: Buffer): void {
  const isFrequent = (sign: string) => {
    const [lead = 0, trail = 0] = iconv.encode(sign, 'gb18030')
    return lead >= 0xb0 && lead <= 0xd7 && trail >= 0xa1
  }
  for (const cell of bytes.toString('latin1').split(/[\t\n\r",;]/)) {
    const raw = Buffer.from(cell, 'latin1')
    const asUtf8 = strictUtf8(raw)
    const beyond = [...(asUtf8 ?? '')].filter((sign) => sign > '\u007f')
    const asGb = [...iconv.decode(raw, 'gb18030')].filter((sign) => sign > '\u007f' && !isFrequent(sign))
    if (beyond.length >= 2 && beyond.every(isFrequent) && asGb.length >= 2) refuse('a cell of UTF-8')
  }
}

function strictUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/**
 * iconv-lite replaces invalid bytes, so its text is accepted only if it encodes to the same bytes. The euro sign has
 * two forms: the byte 0x80, as Windows writes it in GBK, and 0xA2E3.
 */
function strictGb(bytes: Buffer): string | undefined {
  const text = iconv.decode(bytes, 'gb18030', { stripBOM: false })
  let at = 0
  for (const [n, part] of text.split('€').entries()) {
    if (n > 0) at += bytes[at] === 0x80 ? 1 : bytes.readUInt16BE(at) === 0xa2e3 ? 2 : Number.NaN
    const encoded = iconv.encode(part, 'gb18030')
    if (!bytes.subarray(at, at + encoded.length).equals(encoded)) return undefined
    at += encoded.length
  }
  return at === bytes.length ? text : undefined
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
  ...['phone', 'code', 'seen_at'],
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
  const values = readCells(row, columns, note)
  const [mean, share, phones, code] = [values[4], values[5], values[11], values[12]]
  if (mean != null && share != null && Number(mean) > Number(share)) refuse('mean above share')
  if (phones != null && !phones.split(/[;；、,，/]|\s\s+/).every(isDialled)) refuse('no phone number')
  if (code != null && ![4, 6].includes([...code].length)) refuse('a code of another length')
  return values
}

/** Whether a text is a telephone number of China with all its zeros. */
function isDialled(text: string): boolean {
  const dialled = text.trim().split(/转|分机|ext|x/i)[0] ?? ''
  const bare = dialled.replace(/[\s()（）.－—:：-]|\p{Script=Han}/gu, '')
  if (/^(\+|00)[1-9][0-9]{6,14}$/.test(bare) && !/^(\+|00)86/.test(bare)) return true
  if (/^861[3-9][0-9]{9}$/.test(bare)) return true
  const home = /^(?:\+|00)86([0-9]+)$/.exec(bare)?.[1]
  if (home !== undefined && !/^[01]/.test(home) && isDialled(`0${home}`)) return true
  if (home?.startsWith('10') && isDialled(`0${home}`)) return true
  const own = dialled.replace(/^(\+86|0086)/, '')
  const extension = /[-－—][0-9]{1,5}$/.exec(own)
  const forms = [own, ...(extension === null ? [] : [own.slice(0, extension.index)])]
  return forms.some((form) => {
    const signs = [...form].filter((sign) => !/[\s()（）.－—:：-]|\p{Script=Han}/u.test(sign)).join('')
    if (!/^[0-9]+$/.test(signs)) return false
    const { length } = signs
    const [head = '', two, three] = [signs[0], signs.slice(0, 2), signs.slice(0, 3)]
    if (head === '0') {
      const area =
        two === '01'
          ? three === '010'
            ? 3
            : 0
          : two === '02'
            ? 3
            : '3456789'.includes(two[1] ?? '-')
              ? 4
              : 0
      const local = signs.slice(area)
      return area > 0 && [7, 8].includes(local.length) && /^[2-9]/.test(local)
    }
    if (/^1[3-9]/.test(two) && length === 11) return true
    if (['400', '800'].includes(three) && length === 10) return true
    if (/^1[0-2]/.test(two) && length >= 3 && length <= 5) return true
    if (head === '9' && (length === 5 || length === 6)) return true
    if ('2345678'.includes(head) && (length === 7 || length === 8)) return true
    return ['852', '853', '886'].includes(three) && length >= 10 && length <= 13
  })
}

function readCells(row: readonly string[], columns: readonly number[], note: Note): OracleRow {
  if (row.length < columns.length) refuse('a short row')
  if (row.slice(columns.length).some((cell) => strip(cell) !== '')) refuse('a long row')
  const values = new Array<string | null>(fieldNames.length).fill(null)
  for (const [column, index] of columns.entries()) {
    const given = row[column] ?? ''
    if (index === -2 && strip(given) !== '') refuse('text without a header')
    if (index < 0) continue
    const text = strip(given, '\u200b\u2060')
    const isMissing = ['', '-', '未提供'].includes(text)
    if (/^#(##+|N\/A|REF!|DIV\/0!|VALUE!|NAME\?|NULL!|NUM!|SPILL!|CALC!|FIELD!|GETTING_DATA)$/.test(text))
      refuse('an error')
    if (!isMissing && text !== given) note('blanks')
    values[index] = isMissing ? null : (readers[index]?.(text, note) ?? null)
    if (values[index] === null && neededFields.has(index)) refuse(`${fieldNames[index]} is required`)
  }
  return values
}

type Reader = (text: string, note: Note) => string

/** As Excel shortens a number. */
const shortened = /^[+-]?[0-9](?:\.([0-9]+))?E([+-])([0-9]{2,})$/

const readText: Reader = (text) => {
  const [, decimals = '', sign, power] = shortened.exec(text) ?? []
  const isShort = sign === '+' && (Number(power) > 10 || decimals.length === 2)
  return isShort ? refuse('a shortened number') : text
}

const totals = [
  '合计',
  '总计',
  '小计',
  '共计',
  '累计',
  '总数',
  '总和',
  ...['本页', '本表', '全市', '全校'].flatMap((scope) => [`${scope}合计`, `${scope}小计`]),
  '合計',
  '總計',
  '小計',
  '共計',
  '總數',
  '平均',
  '平均值',
  '平均数',
  '均值',
]
const englishTotals = ['total', 'totals', 'subtotal', 'sub-total', 'grandtotal', 'sum', 'average']

const readSite: Reader = (text, note) => {
  const site = readText(text, note)
  const word = site
    .normalize('NFKC')
    .replace(/[\s\u200b\u2060]/g, '')
    .replace(/(\([^()]{1,6}\)|[*:])+$/, '')
    .toLowerCase()
  if ([...totals, ...englishTotals].includes(word)) refuse('a total')
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
    const whole = rows.filter(({ code }) => `${squeeze(code)}.0` === squeeze(text))
    const isWhole = called.length === 0 && whole.length > 0 && /^[0-9]+\.0$/.test(squeeze(text))
    if (isWhole) note('number')
    return pick(isWhole ? whole : called)
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
function digitsOf(given: string, note: Note, percent: boolean, isWhole: boolean) {
  if (shortened.test(given)) refuse('a shortened number')
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
  const match = /^([+-]?)(?:([0-9]+)(\.[0-9]*)?|(\.[0-9]+))(?:e([+-]?[0-9]{1,3}))?$/i.exec(text)
  if (match === null) return refuse('no number')
  const [, sign, before = '', behind, bare, power] = match
  const fraction = (behind ?? bare ?? '').slice(1)
  const isOdd = power !== undefined || bare !== undefined || behind === '.'
  if (
    power !== undefined &&
    Number(power) !== 0 &&
    before.length + fraction.length + Math.abs(Number(power)) > 40
  )
    refuse('too large an exponent')
  // The value as a whole number of units of ten to the power of -scale.
  let scale = fraction.length - Number(power ?? 0)
  let units = BigInt(`${before}${fraction}`)
  if (scale < 0) {
    units *= 10n ** BigInt(-scale)
    scale = 0
  }
  while (scale > 0 && units % 10n === 0n) {
    units /= 10n
    scale -= 1
  }
  let isRounded = false
  const count = String(units).length
  if ((count === 16 || count === 17) && scale >= count - 15) {
    note('precision')
    isRounded = true
    const [mantissa = '', exponent = '0'] = Number(`${units}e-${scale}`).toExponential(14).split('e')
    units = BigInt(mantissa.replace('.', ''))
    scale = 14 - Number(exponent)
    while (scale > 0 && units % 10n === 0n) {
      units /= 10n
      scale -= 1
    }
  }
  if (isOdd || (isWhole && scale === 0 && fraction !== '' && !isRounded)) note('number')
  const padded = String(units).padStart(scale + 1, '0')
  const whole = padded.slice(0, padded.length - scale).replace(/^0+/, '')
  const decimals = scale === 0 ? '' : padded.slice(-scale)
  const significant = units === 0n ? 0 : String(units).replace(/0+$/, '').length
  const isExact = isWhole && scale === 0 && String(units).length === 16 && units % 10n !== 0n
  if (!isExact && (String(units).length > 15 || significant > 15 || decimals.length > 30))
    refuse('too many digits')
  return { sign: sign === '-' && units !== 0n ? '-' : '', whole, decimals }
}

const readPupils: Reader = (text, note) => {
  const { sign, whole, decimals } = digitsOf(text, note, false, true)
  if (decimals !== '') refuse('a fraction')
  const value = BigInt(`${sign}${whole === '' ? '0' : whole}`)
  return value < 0n || value > 100_000n ? refuse('out of bounds') : String(value)
}

const tenths =
  (percent: boolean): Reader =>
  (text, note) => {
    const { sign, whole, decimals } = digitsOf(text, note, percent, false)
    if (decimals.length > 1) refuse('too many decimals')
    return `${sign}${whole === '' ? '0' : whole}.${decimals === '' ? '0' : decimals}`
  }

const readDay: Reader = (given, note) => {
  const text = half(readText(given, note), note)
  const midnight = /^(.*?)[ T] ?0?0:00(:00(\.0{1,9})?)?$/i.exec(text)
  const dashed = text.replace(/^([0-9]{4})([0-9]{2})([0-9]{2})(?:\.0)?$/, '$1-$2-$3')
  const match = /^([0-9]{4})([/.年-])([0-9]{1,2})([/.月-])([0-9]{1,2})(日?)$/.exec(midnight?.[1] ?? dashed)
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
  const match = /^([0-9]{1,2}):([0-9]{2})(:00(\.0{1,9})?)?$/.exec(text)
  if (match === null) return refuse('no time')
  const [hour, minute] = [Number(match[1]), Number(match[2])]
  if (!(hour <= 23 && minute <= 59) && !(hour === 24 && minute === 0)) refuse('no such time')
  const plain = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
  if (plain !== text) note('time')
  return plain
}

const readBoolean: Reader = (given, note) => {
  const text = half(readText(given, note), note)
  if (text === 'true' || text === 'false') return text
  const plain = text.toLowerCase()
  const isTrue = ['true', 't', 'yes', 'y', '1', '1.0', '是', '√', '✓', '✔', '☑'].includes(plain)
  if (!isTrue && !['false', 'f', 'no', 'n', '0', '0.0', '否', '×', '✗', '✘'].includes(plain))
    refuse('not a boolean')
  note('boolean')
  return String(isTrue)
}

const readInstant: Reader = (given, note) => {
  const text = half(readText(given, note), note)
  const [
    ,
    year = '',
    first = '',
    month = '',
    second = '',
    day = '',
    last = '',
    hour = '',
    minute = '',
    seconds = '00',
    zone = '',
  ] =
    /^(\d{4})([-/.年])(\d{1,2})([-/.月])(\d{1,2})(日?)[Tt ] ?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.0{1,9})?)? ?([Zz]|[+-]\d{2}(?::?\d{2})?)$/.exec(
      text,
    ) ?? []
  if (year === '' || second !== (first === '年' ? '月' : first) || (last !== '' && first !== '年'))
    refuse('no instant')
  const two = (digits: string) => digits.padStart(2, '0')
  const isUtc = zone.toUpperCase() === 'Z'
  const [sign, hours, minutes] = isUtc ? ['+', '00', '00'] : [zone[0], zone.slice(1, 3), zone.slice(-2)]
  const offsetMinutes = /^[+-]\d\d$/.test(zone) ? '00' : minutes
  const written = `${year}-${two(month)}-${two(day)}T${two(hour)}:${minute}:${seconds}`
  const plain = `${written}${isUtc ? 'Z' : `${sign}${hours}:${offsetMinutes}`}`
  if (plain !== text || Number(hour) === 24) note('instant')
  readDay(`${year}-${two(month)}-${two(day)}`, () => {})
  const isMidnight = Number(hour) === 24 && Number(minute) === 0 && Number(seconds) === 0
  if ((Number(hour) > 23 && !isMidnight) || Number(minute) > 59 || Number(seconds) > 59)
    refuse('no such time')
  if (Number(hours) > 23 || Number(offsetMinutes) > 59) refuse('no such zone')
  const shift = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(offsetMinutes))
  const parts = [year, month, day, hour, minute, seconds].map(Number)
  const [y = 0, m = 1, d = 1, h = 0, min = 0, s = 0] = parts
  const utc = new Date(Date.UTC(y, m - 1, d, h, min - shift, s)).toISOString().replace('.000', '')
  return /^[1-9]\d{3}-/.test(utc) ? utc : refuse('beyond the years of four digits')
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
  readText,
  readText,
  readInstant,
]
