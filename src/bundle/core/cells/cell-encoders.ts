/**
 * Encodes a cell's bytes as canonical bytes without decoding them to text, where that is safe. Any other cell
 * goes to the strict reader of the same field, and frequent results are cached; so both paths differ only in
 * speed. A cell that the strict reader rejects is not encoded.
 */
import { buildRowValidator, type Field } from '../../../contract/index.ts'
import { controlCharacterIn, mayHoldControlCharacter } from '../../../platform/control-characters.ts'
import type { Block } from '../csv/row-block.ts'
import { buildBytePattern } from './byte-pattern.ts'
import { buildCellCache } from './cell-cache.ts'
import { isKeyWord, isKeyWordIn } from './key-words.ts'
import type { RowWords } from './no-record.ts'
import { type CellReader, isFreeText } from './read-cell.ts'
import type { Repair } from './read-code.ts'

/** The result of encoding a cell. */
export interface EncodedCell {
  /** The canonical text; undefined if the cell's bytes already are canonical; empty if there is no value. */
  readonly bytes?: Buffer
  /** The corrections made. */
  readonly repairs: readonly Repair[]
}

/** The cell already is canonical. */
const unchanged: EncodedCell = { repairs: [] }
/** The cell has no value. */
export const noValue: EncodedCell = { bytes: Buffer.alloc(0), repairs: [] }

/**
 * Encodes the cell from `from` to `to`. `above` is the cell of the field that this field's codes depend on,
 * or empty. Returns undefined if the cell is invalid or the strict reader must read the row.
 */
type EncodeCell = (
  bytes: Buffer,
  from: number,
  to: number,
  aboveFrom: number,
  aboveTo: number,
) => EncodedCell | undefined

export interface CellEncoder {
  readonly encode: EncodeCell
  /** Marks the rows of a block whose cell in this column is neither canonical nor empty. */
  readonly mark: (block: Block, column: number, above: number) => void
}

interface CellEncoderOptions {
  readonly field: Field
  readonly read: CellReader
  /** The strict reader of the field that this field's codes depend on. */
  readonly readAbove?: CellReader | undefined
  readonly missingValues: readonly string[]
  /** Texts for which the strict reader must look at the whole row. */
  readonly words?: RowWords | undefined
}

/** Builds the encoder of a field's cells. */
export function buildCellEncoder(options: CellEncoderOptions): CellEncoder {
  const { field } = options
  const encodeStrictly = buildStrictEncoder(options)
  const recurs = field.codes !== undefined || !['string', 'integer', 'number'].includes(field.type)
  if (recurs) {
    const encode = withCache(encodeStrictly)
    const unchangedCells = buildCellCache()
    // Whether a code is allowed may depend on another cell, so the cell alone does not decide.
    const isFree = options.readAbove === undefined
    return encoderOf(encode, (bytes, from, to, aboveFrom, aboveTo) => {
      if (isFree && unchangedCells.has(bytes, from, to)) return true
      const cell = encode(bytes, from, to, aboveFrom, aboveTo)
      const isCanonical = cell === unchanged || (cell === noValue && from === to)
      if (isFree && isCanonical) unchangedCells.add(bytes, from, to)
      return isCanonical
    })
  }
  const isPlain = field.type === 'string' ? plainText(options) : plainNumber(field)
  const required = field.constraints?.required === true
  const encode: EncodeCell = (bytes, from, to) => {
    if (from === to && !required) return noValue
    return isPlain(bytes, from, to) ? unchanged : encodeStrictly(bytes, from, to, 0, 0)
  }
  return encoderOf(encode, (bytes, from, to) => (from === to ? !required : isPlain(bytes, from, to)))
}

/** Encodes nothing: every row goes to the strict reader. */
export const encodesNothing: CellEncoder = encoderOf(
  () => undefined,
  () => false,
)

type IsCanonical = (bytes: Buffer, from: number, to: number, aboveFrom: number, aboveTo: number) => boolean

function encoderOf(encode: EncodeCell, isCanonical: IsCanonical): CellEncoder {
  const mark = ({ rows, width, separate, text, cuts }: Block, column: number, above: number) => {
    for (let row = 0, at = 0; row < rows; row++, at += width + 1) {
      if (separate[row] === 1) continue
      const from = (cuts[at + column] ?? 0) + 1
      const to = cuts[at + column + 1] ?? 0
      const aboveFrom = above < 0 ? 0 : (cuts[at + above] ?? 0) + 1
      const aboveTo = above < 0 ? 0 : (cuts[at + above + 1] ?? 0)
      if (!isCanonical(text, from, to, aboveFrom, aboveTo)) separate[row] = 1
    }
  }
  return { encode, mark }
}

const none: readonly Repair[] = []

/** Calls the strict reader and checks the constraints of the field. */
function buildStrictEncoder({ field, read, readAbove, words }: CellEncoderOptions): EncodeCell {
  const isText = isFreeText(field)
  let validate: ReturnType<typeof buildRowValidator> | undefined
  return (bytes, from, to, aboveFrom, aboveTo) => {
    const above = readAbove?.(bytes.toString('utf8', aboveFrom, aboveTo), undefined, () => {})
    if (typeof above === 'object' && above !== null) return undefined
    const text = bytes.toString('utf8', from, to)
    let repairs = none
    const value = read(text, above, (repair) => {
      repairs = [...repairs, repair]
    })
    if (value !== null && typeof value !== 'string') return undefined
    if (value !== null && words !== undefined && isWord(value, words)) return undefined
    // The row's reader warns of it.
    if (isText && value !== null && controlCharacterIn(value) !== undefined) return undefined
    validate ??= buildRowValidator([field])
    if (validate([value]).length > 0) return undefined
    if (value === null) return repairs.length === 0 ? noValue : { ...noValue, repairs }
    return value === text ? unchanged : { bytes: Buffer.from(value), repairs }
  }
}

function isWord(text: string, { headers, keyWords }: RowWords): boolean {
  return headers.has(text) || (keyWords && isKeyWord(text))
}

/** Cells cached for a field, and the longest of them: codes, days and lists repeat often. */
const cachedMax = 4096
const cachedBytesMax = 100

interface CachedCell {
  readonly cell: Buffer
  readonly above: Buffer
  readonly encoded: EncodedCell
}

/** Caches the result by the bytes of a cell and of the cell that it depends on. */
function withCache(encodeStrictly: EncodeCell): EncodeCell {
  const slots = new Int32Array(2 * cachedMax).fill(-1)
  const cached: CachedCell[] = []
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1))
  // Rows are often sorted, so the previous row's cell is the most likely match.
  let former: CachedCell | undefined
  return (bytes, from, to, aboveFrom, aboveTo) => {
    if (former !== undefined && isCached(former, bytes, from, to, aboveFrom, aboveTo)) return former.encoded
    let hash = seed
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x9e3779b1)
    for (let at = aboveFrom; at < aboveTo; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x5f356495)
    let slot = (hash ^ (hash >>> 15)) & (slots.length - 1)
    for (; ; slot = (slot + 1) & (slots.length - 1)) {
      const place = slots[slot] ?? -1
      const entry = place < 0 ? undefined : cached[place]
      if (entry === undefined) break
      if (!isCached(entry, bytes, from, to, aboveFrom, aboveTo)) continue
      former = entry
      return entry.encoded
    }
    const encoded = encodeStrictly(bytes, from, to, aboveFrom, aboveTo)
    if (
      encoded === undefined ||
      cached.length >= cachedMax ||
      to - from + aboveTo - aboveFrom > cachedBytesMax
    )
      return encoded
    slots[slot] = cached.length
    const copy = (start: number, end: number) => Buffer.from(bytes.subarray(start, end))
    cached.push({ cell: copy(from, to), above: copy(aboveFrom, aboveTo), encoded })
    return encoded
  }
}

function isCached(
  { cell, above }: CachedCell,
  bytes: Buffer,
  from: number,
  to: number,
  aboveFrom: number,
  aboveTo: number,
): boolean {
  return isSame(cell, bytes, from, to) && isSame(above, bytes, aboveFrom, aboveTo)
}

/** Codes and days differ in their last bytes rather than in their first. */
function isSame(stored: Buffer, bytes: Buffer, from: number, to: number): boolean {
  if (stored.length !== to - from) return false
  for (let index = stored.length - 1; index >= 0; index--)
    if (stored[index] !== bytes[from + index]) return false
  return true
}

type IsPlain = (bytes: Buffer, from: number, to: number) => boolean

const never: IsPlain = () => false

/** Texts that need no trimming, are not the missing-value marker and do not look like an Excel number. */
function plainText({ field, missingValues, words }: CellEncoderOptions): IsPlain {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, ...others } = field.constraints ?? {}
  const { required: _required, pattern, ...unusual } = others
  const isShaped = pattern === undefined ? undefined : buildBytePattern(pattern)
  // Other constraints, such as complex patterns, are checked on the decoded text.
  const isTextual = Object.keys(unusual).length > 0 || (pattern !== undefined && isShaped === undefined)
  const validate = isTextual ? buildRowValidator([field]) : undefined
  const row = ['']
  const special = byLength([...missingValues, ...(words?.headers ?? [])])
  return (bytes, from, to) => {
    const length = to - from
    if (length === 0 || mayBeBlank(bytes, from, to) || mayBeExponent(bytes, from, to)) return false
    // An error of a spreadsheet.
    if (bytes[from] === 0x23) return false
    if (special[length]?.some((value) => isSame(value, bytes, from, to))) return false
    if (words?.keyWords === true && isKeyWordIn(bytes, from, to)) return false
    // A character has at least one byte, and at most four.
    if (length > maxLength || length < 4 * minLength) return false
    if (isShaped?.(bytes, from, to) === false) return false
    if (mayHoldControlCharacter(bytes, from, to)) return false
    if (validate === undefined) return true
    row[0] = bytes.toString('utf8', from, to)
    return validate(row).length === 0
  }
}

/** Texts as bytes, by their length. */
function byLength(texts: Iterable<string>): readonly (readonly Buffer[] | undefined)[] {
  const sorted: Buffer[][] = []
  for (const text of texts) {
    const bytes = Buffer.from(text)
    sorted[bytes.length] = [...(sorted[bytes.length] ?? []), bytes]
  }
  return sorted
}

/** Whether `trim` might change the start or end of a text: controls, spaces, and anything beyond ASCII. */
function mayBeBlank(bytes: Buffer, from: number, to: number): boolean {
  const first = bytes[from] ?? 0
  const last = bytes[to - 1] ?? 0
  if (first <= 0x20 || last <= 0x20) return true
  if (first >= 0xc2 && first <= 0xef && isBlank(bytes, from)) return true
  if (last < 0x80) return false
  return (to - from >= 2 && isBlank(bytes, to - 2)) || (to - from >= 3 && isBlank(bytes, to - 3))
}

/** Whether a character may be a blank: U+00A0, U+1680, U+2000 to U+207F, U+3000, U+FEFF. */
function isBlank(bytes: Buffer, at: number): boolean {
  const [lead, second, third] = [bytes[at], bytes[at + 1], bytes[at + 2]]
  if (lead === 0xe2) return second === 0x80 || second === 0x81
  if (lead === 0xe3) return second === 0x80 && third === 0x80
  if (lead === 0xef) return second === 0xbb && third === 0xbf
  return (lead === 0xc2 && second === 0xa0) || (lead === 0xe1 && second === 0x9a)
}

/** Whether a text may be a number as Excel shortens it (`1.5E+17`): one digit, perhaps decimals, then an E. */
function mayBeExponent(bytes: Buffer, from: number, to: number): boolean {
  const first = bytes[from]
  let at = first === 0x2b || first === 0x2d ? from + 1 : from
  if (!isDigit(bytes[at] ?? 0)) return false
  at += 1
  if (bytes[at] === 0x2e) for (at += 1; at < to && isDigit(bytes[at] ?? 0); ) at += 1
  return at < to && (bytes[at] === 0x45 || bytes[at] === 0x65)
}

const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39

/** Any number of so many digits is exact as a double; the strict reader uses the same limit. */
const digitsMax = 15
const powersOfTen = Array.from({ length: digitsMax + 1 }, (_, power) => Number(`1e${power}`))

/** Canonical numbers within their bounds: at most 15 digits, no redundant zeros before or after. */
function plainNumber(field: Field): IsPlain {
  const {
    minimum = Number.NEGATIVE_INFINITY,
    maximum = Number.POSITIVE_INFINITY,
    ...others
  } = field.constraints ?? {}
  const { required: _required, ...unusual } = others
  if (Object.keys(unusual).length > 0) return never
  const [low, high] = [Number(minimum), Number(maximum)]
  const scale = field.type === 'integer' ? 0 : field.scale
  return (bytes, from, to) => {
    const negative = bytes[from] === 0x2d
    const start = negative ? from + 1 : from
    let units = 0
    let point = -1
    for (let at = start; at < to; at++) {
      const byte = bytes[at] ?? 0
      if (isDigit(byte)) units = units * 10 + byte - 0x30
      else if (byte === 0x2e && point < 0) point = at
      else return false
    }
    const wholeEnd = point < 0 ? to : point
    const whole = wholeEnd - start
    const decimals = point < 0 ? 0 : to - point - 1
    if (whole === 0 || whole + decimals > digitsMax || (whole > 1 && bytes[start] === 0x30)) return false
    if (point >= 0 && decimals === 0) return false
    if (scale === undefined ? decimals > 0 && bytes[to - 1] === 0x30 : decimals !== scale) return false
    if (negative && units === 0) return false
    // Both operands are exact, so the quotient is the double nearest to the text, as in the strict reader.
    const value = units / (powersOfTen[decimals] ?? 1)
    return (negative ? -value : value) >= low && (negative ? -value : value) <= high
  }
}
