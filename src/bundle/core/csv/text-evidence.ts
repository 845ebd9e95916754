/**
 * Evidence of the encoding of a file that is not UTF-8 as a whole. GB18030 decodes almost any bytes, so a file
 * that decodes may still be a mixture of two encodings, or in another one. Cells are judged one by one, since
 * files are joined row by row and pasted cell by cell, and counted over the whole file.
 */
import { isCommon, isHan, leadOf, unlikelihoodOf } from './common-characters.ts'
import { buildGluedTest } from './glued-text.ts'
import { isTwoByteLead, twoByteEnd, twoByteMargin } from './two-byte-text.ts'

/** Whether bytes are valid UTF-8. Passed in: `isUtf8` of Node is fifty times faster than a TextDecoder. */
export type IsUtf8 = (bytes: Uint8Array) => boolean

export interface TextEvidence {
  /** Cells with characters beyond ASCII that are UTF-8, or GB18030; and the first byte of each. */
  readonly utf8: { cells: number; first?: number }
  readonly gb18030: { cells: number; first?: number }
  /** The first character for private use or without meaning, if the text is GB18030. */
  private?: number
  /** Characters beyond ASCII, and how unlikely they are together in Chinese data. */
  characters: number
  unlikelihood: number
  /** Chinese characters, and those of them that are ordinary. */
  han: number
  common: number
  /** Those of them whose bytes are also Hangul in EUC-KR. */
  hangul: number
  /** Kana, whose bytes are the same in EUC-JP. */
  kana: number
  /** Places where a Chinese character stands in a Latin word or a number (see glued-text.ts). */
  glued: number
  firstGlued?: number
  /** Cells with signs in place of lost text, such as `???`. */
  lost: number
  firstLost?: number
}

export interface EvidenceCollector {
  readonly add: (chunk: Buffer) => void
  /** After the last chunk. */
  readonly end: () => TextEvidence
}

/** A longer line is judged in parts. */
const lineBytesMax = 1 << 20

/** The UTF-8 reading of a cell must be this much likelier than the other: about one rare character. */
const marginMin = 5

const lineFeed = 0x0a
const carriageReturn = 0x0d

/** By byte: whether it ends a cell. None of these is part of a character in UTF-8 or GB18030. */
const endsCell = new Uint8Array(256)
for (const sign of '\t\n\r",;') endsCell[sign.charCodeAt(0)] = 1

const counts = { unlikelihood: 0, han: 0, common: 0, hangul: 0, kana: 0, glued: 0, lost: 0 }

/** Collects the evidence of a file. */
export function collectEvidence(isUtf8: IsUtf8): EvidenceCollector {
  const found: TextEvidence = { utf8: { cells: 0 }, gb18030: { cells: 0 }, characters: 0, ...counts }
  const readings: Readings = { isUtf8, decode: buildStrictDecoder() }
  let held: Buffer = Buffer.alloc(0)
  let heldAt = 0

  function takeLines(last: boolean): void {
    let start = 0
    for (let at = 0; at < held.length; at++) {
      const byte = held[at]
      const isEnd = byte === lineFeed || byte === carriageReturn
      if (!isEnd && at - start < lineBytesMax) continue
      judgeLine(held.subarray(start, at), heldAt + start, found, readings)
      start = at
    }
    if (last) judgeLine(held.subarray(start), heldAt + start, found, readings)
    held = last ? Buffer.alloc(0) : held.subarray(start)
    heldAt += start
  }
  return {
    add: (chunk) => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      takeLines(false)
    },
    end: () => {
      takeLines(true)
      return found
    },
  }
}

function judgeLine(line: Buffer, at: number, found: TextEvidence, readings: Readings): void {
  const lost = line.indexOf('???')
  if (lost >= 0) countLost(found, at + lost)
  if (isAscii(line)) return
  // A line may have too little of another encoding in each of its cells, but enough in all.
  const isOther = isLikelierUtf8(line, readings.isUtf8, () => readings.decode(line))
  for (let from = 0; from < line.length; ) {
    let to = from
    while (to < line.length && endsCell[line[to] ?? 0] === 0) to += 1
    if (to > from) judgeCell(line.subarray(from, to), at + from, found, readings, isOther)
    from = to + 1
  }
}

function judgeCell(
  cell: Buffer,
  at: number,
  found: TextEvidence,
  { isUtf8, decode }: Readings,
  isOtherLine: boolean,
): void {
  if (isAscii(cell)) return
  const asGb = decode(cell)
  const isOther = isOtherLine || isLikelierUtf8(cell, isUtf8, () => asGb)
  const first = at + cell.findIndex((byte) => byte >= 0x80)
  if (isOther) countCell(found.utf8, first)
  else if (asGb !== undefined) judgeGb18030(cell, asGb, at, found, isUtf8)
}

function judgeGb18030(cell: Buffer, asGb: string, at: number, found: TextEvidence, isUtf8: IsUtf8): void {
  countCell(found.gb18030, at + cell.findIndex((byte) => byte >= 0x80))
  const part = utf8Within(cell, asGb, isUtf8)
  if (part >= 0) countCell(found.utf8, at + part)
  else judgeText(asGb, cell, at, found)
}

function countCell(kind: TextEvidence['utf8'], at: number): void {
  kind.cells += 1
  kind.first ??= at
}

function countLost(found: TextEvidence, at: number): void {
  found.lost += 1
  found.firstLost ??= at
}

function isAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte >= 0x80) return false
  return true
}

interface Readings {
  readonly isUtf8: IsUtf8
  readonly decode: Decode
}

/** Decodes GB18030; undefined if the bytes are none. */
type Decode = (bytes: Buffer) => string | undefined

function buildStrictDecoder(): Decode {
  const decoder = new TextDecoder('gb18030', { fatal: true, ignoreBOM: true })
  return (bytes) => {
    try {
      return decoder.decode(bytes)
    } catch {
      return undefined
    }
  }
}

/**
 * Little text must be likelier by more: one character of three bytes, which must be ordinary, and up to three of two
 * bytes, which may be a name with a rare character.
 */
const littleMarginMin = 10
const littleMax = 3

/** Whether bytes are rather UTF-8; `decode` gives their text in GB18030. */
function isLikelierUtf8(bytes: Buffer, isUtf8: IsUtf8, decode: () => string | undefined): boolean {
  if (!isUtf8(bytes)) return false
  const asGb = decode()
  if (asGb === undefined) return true
  const asUtf8 = bytes.toString()
  let beyond = 0
  let isTwoByte = true
  for (const character of asUtf8) {
    if (character < '\u0080') continue
    beyond += 1
    if (character > '\u07ff') isTwoByte = false
  }
  // One of two bytes is often valid in both encodings.
  if (isTwoByte) {
    const isLittle = beyond <= littleMax && !/[a-z]/i.test(asUtf8)
    return beyond >= 2 && sumOfMargins(bytes) <= -(isLittle ? littleMarginMin : marginMin)
  }
  // Chinese and accented letters in one cell are rather bytes of names that happen to be UTF-8.
  if (/\p{Script=Han}/u.test(asUtf8) && /[\u00aa-\u2e7f]/.test(asUtf8.replace(/\p{P}/gu, ''))) return false
  const margin = unlikelihoodOf(asGb) - unlikelihoodOf(asUtf8)
  if (beyond >= 2) return margin >= marginMin
  return margin >= littleMarginMin && [...asUtf8].some(isCommon)
}

/** Of all two-byte characters in bytes that are UTF-8. */
function sumOfMargins(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < bytes.length; ) {
    const end = isTwoByteLead(bytes[at] ?? 0) ? twoByteEnd(bytes, at) : at
    if (end > at) sum += twoByteMargin(bytes, at, end)
    at = Math.max(end, at + 1)
  }
  return sum
}

/**
 * The place of Chinese in UTF-8 within a cell in GB18030, or -1: `地址` and then `上海` reads as `地址涓婃捣`. At least two
 * frequent characters, where GB18030 has rare ones.
 */
function utf8Within(cell: Buffer, asGb: string, isUtf8: IsUtf8): number {
  if (unlikelihoodOf(asGb) < partMarginMin) return -1
  for (let at = 0; at < cell.length; ) {
    let end = at
    while (isHanLead(cell[end] ?? 0) && isUtf8(cell.subarray(end, end + 3)) && end + 3 <= cell.length)
      end += 3
    if (end - at >= 6) {
      const text = cell.toString('utf8', at, end)
      // As GB18030 the part may begin or end within a character.
      const other = lenient.decode(cell.subarray(at, end))
      if (unlikelihoodOf(text) === 0 && unlikelihoodOf(other) >= partMarginMin) return at
    }
    at = Math.max(end, at + 1)
  }
  return -1
}

const partMarginMin = 10
const lenient = new TextDecoder('gb18030')

/** The first byte of Chinese characters in UTF-8. */
const isHanLead = (byte: number) => byte >= 0xe3 && byte <= 0xe9

/** Hangul in EUC-KR begins with 0xB0, as Chinese characters in GB 2312, and ends with this byte. */
const hangulMax = 0xc8

const withoutMeaning = /[\p{Co}\p{Cn}]/u

function judgeText(text: string, bytes: Buffer, at: number, found: TextEvidence): void {
  if (found.private === undefined && withoutMeaning.test(text)) {
    const before = [...text].findIndex((character) => withoutMeaning.test(character))
    found.private = at + offsetOf(bytes, before)
  }
  if (text.includes('锟斤拷')) countLost(found, at + offsetOf(bytes, [...text].indexOf('锟')))
  found.unlikelihood += unlikelihoodOf(text)
  const characters = [...text]
  for (const [place, character] of characters.entries()) {
    const lead = character < '\u2e80' ? undefined : leadOf(character)
    const isChinese = lead !== undefined || (character >= '\u2e80' && isHan(character))
    if (character >= '\u0080') found.characters += 1
    if (character >= '\u3041' && character <= '\u30fe') found.kana += 1
    if (!isChinese) continue
    found.han += 1
    if (isCommon(character)) found.common += 1
    if ((lead ?? hangulMax + 1) <= hangulMax) found.hangul += 1
    glued ??= buildGluedTest()
    if (!glued(character, lead, characters[place - 1] ?? '', characters[place + 1] ?? '')) continue
    found.glued += 1
    found.firstGlued ??= at + offsetOf(bytes, place)
  }
}

let glued: ReturnType<typeof buildGluedTest> | undefined

/** The offset of a character in GB18030, where digits are second bytes only of four. */
function offsetOf(bytes: Buffer, characters: number): number {
  let at = 0
  for (let n = 0; n < characters; n++) {
    const second = bytes[at + 1] ?? 0
    if ((bytes[at] ?? 0) <= 0x80) at += 1
    else at += second >= 0x30 && second <= 0x39 ? 4 : 2
  }
  return at
}
