/**
 * Finds Chinese that a program read in the wrong encoding and saved again as valid UTF-8: `涓婃捣` or `ä¸Šæµ·` for
 * `上海`. The wrong step is taken back: if the bytes it began with are Chinese, and much likelier than the text in the
 * file, the text is garbled. Nothing is corrected, since the step may have lost characters.
 */
import type { Finding } from '../../../platform/finding.ts'
import { type FindingPosition, faultAt } from '../findings/checks.ts'
import { isCommon, isHan, leadOf, unlikelihoodOf } from './common-characters.ts'
import { nextBeyondAscii } from './scan-bytes.ts'
import type { IsUtf8 } from './text-evidence.ts'

export interface GarbledText {
  /** Texts that are garbled, in what was read of the file. */
  places: number
  /** Whether any was read in the wrong encoding, and not only lost. */
  isMisread?: true
  /** Byte offset of the first. */
  first?: number
}

export interface GarbledSearch {
  readonly add: (chunk: Uint8Array) => void
  /** After the last chunk. */
  readonly end: () => void
  /** What has been found so far. */
  readonly found: Readonly<GarbledText>
}

/** The beginning of a file is searched whole; of a longer one the first bytes of each further mebibyte. */
const wholeBytes = 4 << 20
const stepBytes = 1 << 20
const sampleBytes = 32 << 10

/** A longer run of characters beyond ASCII is no text that a person typed into a cell. */
const runBytesMax = 1 << 16

/** Searches a file in UTF-8. The result says nothing about a file in another encoding. */
export function buildGarbledSearch(isUtf8: IsUtf8): GarbledSearch {
  const found: GarbledText = { places: 0 }
  let held: Buffer = Buffer.alloc(0)
  let offset = 0

  function countPlace(at: number): void {
    found.places += 1
    const place = offset - held.length + at
    found.first = Math.min(found.first ?? place, place)
  }
  function search(last: boolean): void {
    let end = held.length
    if (!last) while (end > 0 && (held[end - 1] ?? 0) >= 0x80) end -= 1
    for (let at = nextBeyondAscii(held, 0, end); at < end; at = nextBeyondAscii(held, at, end)) {
      const begin = at
      while (at < end && (held[at] ?? 0) >= 0x80) at += 1
      if (!mayBegin(held, begin) || !isMisread(held.toString('utf8', begin, at), isUtf8)) continue
      found.isMisread = true
      countPlace(begin)
    }
    for (const lost of lostSigns)
      for (let at = held.indexOf(lost); at >= 0 && at < end; at = held.indexOf(lost, nextCell(held, at)))
        countPlace(at)
    // A copy, since the chunk may be written over.
    held = held.length - end > runBytesMax ? Buffer.alloc(0) : Buffer.from(held.subarray(end))
  }
  function take(bytes: Buffer, isStart: boolean): void {
    let from = 0
    // The bytes before are not searched, so the first character may be the rest of a run.
    if (isStart) while (from < bytes.length && (bytes[from] ?? 0) >= 0x80) from += 1
    offset += bytes.length
    held = held.length === 0 ? bytes.subarray(from) : Buffer.concat([held, bytes.subarray(from)])
    search(false)
  }
  return {
    add: (chunk) => {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      for (let at = 0; at < bytes.length; ) {
        const into = offset % stepBytes
        const isRead = offset < wholeBytes || into < sampleBytes
        const left = offset < wholeBytes ? wholeBytes - offset : (isRead ? sampleBytes : stepBytes) - into
        const part = bytes.subarray(at, at + left)
        if (isRead) take(part, into === 0 && offset >= wholeBytes)
        else {
          held = Buffer.alloc(0)
          offset += part.length
        }
        at += part.length
      }
    },
    end: () => search(true),
    found,
  }
}

/** What programs write for characters that they cannot read: U+FFFD that was read as GBK, and question marks. */
const lostSigns = ['锟斤拷', '???'].map((signs) => Buffer.from(signs))
const lostText = /锟斤拷|\?{3}/

/** Where the search for lost text goes on: the signs of one text are one place. */
function nextCell(bytes: Buffer, at: number): number {
  let next = at
  while (next < bytes.length && ((bytes[next] ?? 0) >= 0x80 || bytes[next] === 0x3f)) next += 1
  return next
}

/** Whether a text is garbled, or a part of it. */
export function hasGarbledText(text: string, isUtf8: IsUtf8): boolean {
  return lostText.test(text) || isMisread(text, isUtf8)
}

function isMisread(text: string, isUtf8: IsUtf8): boolean {
  return [...text.matchAll(runs)].some(([run]) => isGarbled(run, isUtf8))
}

/** The warning of text that was garbled before the file was saved, with its first place; none if there is none. */
export function garbledFault({ places }: Readonly<GarbledText>, place: FindingPosition): readonly Finding[] {
  if (places === 0) return []
  const expected = `${places} 处 / ${places === 1 ? '1 place' : `${places} places`}`
  return [faultAt('encoding-garbled', { ...place, expected })]
}

/**
 * Whether garbled text may begin here: with a character whose bytes in GBK begin Chinese in UTF-8, which only rare ones
 * do, or with a letter or sign of Latin-1.
 */
function mayBegin(bytes: Uint8Array, at: number): boolean {
  const lead = bytes[at] ?? 0
  if (lead === 0xc2 || lead === 0xc3) return true
  if (lead < 0xe0 || lead > 0xef) return false
  gbkCodes ??= buildGbkCodes()
  const unit = ((lead & 0x0f) << 12) | (((bytes[at + 1] ?? 0) & 0x3f) << 6) | ((bytes[at + 2] ?? 0) & 0x3f)
  return isLead((gbkCodes[unit] ?? 0) >> 8)
}

/** Characters beyond ASCII, without U+FFFD, which has taken the place of a byte that could not be read. */
const runs = /[\u0080-\ufffc\u{10000}-\u{10ffff}]{2,}/gu

function isGarbled(run: string, isUtf8: IsUtf8): boolean {
  return isUtf8Read(run, gbkBytes(run), isUtf8) || isUtf8Read(run, latinBytes(run), isUtf8) || isGbkRead(run)
}

/** How much likelier the text of the bytes must be: as of two encodings in one file. */
const marginMin = 5

/** Chinese, and the punctuation of Chinese text. */
const chinese = /^[\p{Script=Han}\u3000-\u303f\uff01-\uff60·—‘’“”…]+$/u

/** Whether a run is Chinese in UTF-8 that was read as an encoding that gives the run these bytes. */
function isUtf8Read(run: string, bytes: Uint8Array | undefined, isUtf8: IsUtf8): boolean {
  if (bytes === undefined || !isLead(bytes[0] ?? 0)) return false
  // The last character may have lost a byte to the delimiter behind it.
  const end = lastWhole(bytes)
  const whole = bytes.subarray(0, end)
  if (!isUtf8(whole)) return false
  const text = Buffer.from(whole)
    .toString()
    .replace(/[\0-\u007f]/g, '')
  const isChinese = [...text].length >= 2 && chinese.test(text) && [...text].some(isHan)
  return isChinese && unlikelihoodOf(run) - unlikelihoodOf(text) >= marginMin
}

/** The first byte of Chinese characters and punctuation in UTF-8. */
const isLead = (byte: number) => byte >= 0xe2 && byte <= 0xef

/** The length of the bytes without a last character that is incomplete. */
function lastWhole(bytes: Uint8Array): number {
  for (let back = 1; back <= 2; back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte >= 0xe0) return bytes.length - back
    if (byte < 0x80) break
  }
  return bytes.length
}

/** Bytes of GBK by UTF-16 unit, 0 where there are none; built when it is first needed. */
let gbkCodes: Uint16Array | undefined

function buildGbkCodes(): Uint16Array {
  const codes = new Uint16Array(0x10000)
  const decoder = new TextDecoder('gbk')
  for (let lead = 0x81; lead <= 0xfe; lead++)
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      const text = decoder.decode(Uint8Array.of(lead, trail))
      if (text.length === 1 && text !== '\ufffd') codes[text.charCodeAt(0)] = (lead << 8) | trail
    }
  // The euro sign is one byte, as Windows has it.
  codes[0x20ac] = 0x80
  return codes
}

/** The bytes that are the run when they are read as GBK; undefined if they can't begin a text in UTF-8. */
function gbkBytes(run: string): Uint8Array | undefined {
  gbkCodes ??= buildGbkCodes()
  if (!isLead((gbkCodes[run.charCodeAt(0)] ?? 0) >> 8)) return undefined
  const bytes = new Uint8Array(2 * run.length)
  let length = 0
  for (let at = 0; at < run.length; at++) {
    const code = gbkCodes[run.charCodeAt(at)] ?? 0
    if (code === 0) return undefined
    if (code > 0xff) bytes[length++] = code >> 8
    bytes[length++] = code & 0xff
  }
  return bytes.subarray(0, length)
}

/** Windows-1252 from 0x80 to 0x9F, where it differs from Latin-1. Node's own decoder reads these as Latin-1. */
const windowsSigns = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

/** The bytes that are the run when they are read as Windows-1252. */
function latinBytes(run: string): Uint8Array | undefined {
  const bytes = new Uint8Array(run.length)
  for (let at = 0; at < run.length; at++) {
    const code = run.charCodeAt(at)
    const place = code < 0xa0 || code > 0xff ? windowsSigns.indexOf(run.charAt(at)) : code - 0x80
    if (place < 0) return undefined
    bytes[at] = place + 0x80
  }
  return bytes
}

/** Two characters, and the first byte of the frequent ones in GB 2312. */
const gbkRunMin = 4
const frequentMax = 0xd7

/** Whether a run is Chinese in GBK that was read as Windows-1252: no name has so many accents in a row. */
function isGbkRead(run: string): boolean {
  if (run.length < gbkRunMin || run.length % 2 === 1 || !/^\p{L}/u.test(run)) return false
  const bytes = latinBytes(run)
  if (bytes === undefined) return false
  const signs = [...new TextDecoder('gbk').decode(bytes)]
  const letters = run.match(/\p{L}/gu)?.length ?? 0
  const isFrequent = signs.every((sign) => (leadOf(sign) ?? 0xff) <= frequentMax)
  return isFrequent && 2 * letters >= run.length && 2 * signs.filter(isCommon).length >= signs.length
}
