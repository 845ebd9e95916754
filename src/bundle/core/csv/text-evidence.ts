/**
 * Evidence of the encoding of a file that is not UTF-8 as a whole. GB18030 decodes almost any bytes, so a file
 * that decodes may still be a mixture of two encodings, or in another one. Cells are judged one by one, since
 * files are joined row by row and pasted cell by cell, and counted over the whole file.
 */
import { isCommon, isHan, leadOf, unlikelihoodOf } from './common-characters.ts'

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
  /**
   * Places where a rare Chinese character adjoins a Latin letter, as `Sch黮er` for `Schüler`, or precedes €: `銆€` is
   * the full-width blank of UTF-8.
   */
  glued: number
  firstGlued?: number
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

const counts = { unlikelihood: 0, han: 0, common: 0, hangul: 0, kana: 0, glued: 0 }

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
  if (isAscii(line)) return
  for (let from = 0; from < line.length; ) {
    let to = from
    while (to < line.length && endsCell[line[to] ?? 0] === 0) to += 1
    if (to > from) judgeCell(line.subarray(from, to), at + from, found, readings)
    from = to + 1
  }
}

function judgeCell(cell: Buffer, at: number, found: TextEvidence, { isUtf8, decode }: Readings): void {
  if (isAscii(cell)) return
  const asGb = decode(cell)
  const asUtf8 = isUtf8(cell) ? cell.toString() : undefined
  const isOther = asUtf8 !== undefined && (asGb === undefined || isLikelier(asUtf8, asGb))
  const kind = isOther ? found.utf8 : asGb === undefined ? undefined : found.gb18030
  if (kind === undefined) return
  kind.cells += 1
  kind.first ??= at + cell.findIndex((byte) => byte >= 0x80)
  if (!isOther && asGb !== undefined) judgeText(asGb, cell, at, found)
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

/** Two characters at least: one of two bytes is often valid in both encodings. */
function isLikelier(asUtf8: string, asGb: string): boolean {
  let beyond = 0
  for (const character of asUtf8) if (character >= '\u0080') beyond += 1
  // Chinese and accented letters in one cell are rather bytes of names that happen to be UTF-8.
  if (/\p{Script=Han}/u.test(asUtf8) && /[\u00aa-\u2e7f]/.test(asUtf8.replace(/\p{P}/gu, ''))) return false
  return beyond >= 2 && unlikelihoodOf(asGb) - unlikelihoodOf(asUtf8) >= marginMin
}

/** Hangul in EUC-KR begins with 0xB0, as Chinese characters in GB 2312, and ends with this byte. */
const hangulMax = 0xc8

const withoutMeaning = /[\p{Co}\p{Cn}]/u
const latinLetter = /[A-Za-z]/

function judgeText(text: string, bytes: Buffer, at: number, found: TextEvidence): void {
  if (found.private === undefined && withoutMeaning.test(text)) {
    const before = [...text].findIndex((character) => withoutMeaning.test(character))
    found.private = at + offsetOf(bytes, before)
  }
  found.unlikelihood += unlikelihoodOf(text)
  let former = ''
  let isRareBefore = false
  let place = 0
  for (const character of text) {
    const lead = character < '\u2e80' ? undefined : leadOf(character)
    const isChinese = lead !== undefined || (character >= '\u2e80' && isHan(character))
    if (character >= '\u0080') found.characters += 1
    if (character >= '\u3041' && character <= '\u30fe') found.kana += 1
    const isRare = isChinese && lead === undefined
    if (isChinese) {
      found.han += 1
      if (isCommon(character)) found.common += 1
      if ((lead ?? hangulMax + 1) <= hangulMax) found.hangul += 1
    }
    if ((isRare && latinLetter.test(former)) || (isRareBefore && /[a-z€]/.test(character))) {
      found.glued += 1
      found.firstGlued ??= at + offsetOf(bytes, isRare ? place : place - 1)
    }
    former = character
    isRareBefore = isRare
    place += 1
  }
}

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
