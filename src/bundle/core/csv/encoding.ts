/**
 * Detects the encoding of a file by reading all of it: byte order mark, then strict UTF-8, then GB18030; valid UTF-8
 * that is likelier Chinese in GBK is GB18030 too. Never guesses from a sample. Undecodable bytes are not replaced, but
 * rejected with their byte offset.
 */

import type { Finding } from '../../../platform/finding.ts'
import { lookUp } from '../../../platform/lookup.ts'
import { faultAt } from '../findings/checks.ts'
import { fileKindOf, kindBytes } from './file-kind.ts'
import { buildGarbledSearch, garbledFault } from './garbled-text.ts'
import { judgeEvidence } from './judge-evidence.ts'
import { buildTwoByteSearch, judgeTwoBytes, twoByteFaults } from './judge-two-bytes.ts'
import { collectEvidence, type IsUtf8, type TextEvidence } from './text-evidence.ts'

export type Encoding = 'utf-8' | 'gb18030'

export interface TextShape {
  readonly encoding: Encoding
  /** Bytes of the byte order mark, which is not part of the text. */
  readonly bomBytes: number
}

/** Whether a resource with this encoding may be UTF-8; the encoding may also be absent. */
export function mayBeUtf8(claim: string | undefined): boolean {
  return claim === undefined || lookUp(claims, claim) === 'utf-8'
}

/** Accepted names of an encoding. GBK and GB2312 are subsets of GB18030. */
const claims: Readonly<Record<string, Encoding>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'utf-8-sig': 'utf-8',
  gb18030: 'gb18030',
  gbk: 'gb18030',
  gb2312: 'gb18030',
  cp936: 'gb18030',
}

/** Reads a file through and returns its encoding, or why there is none. `read` is called once or twice. */
export async function inspectText(
  read: () => AsyncIterable<Uint8Array>,
  file: string,
  isUtf8: IsUtf8,
  claim?: string,
): Promise<{ readonly shape?: TextShape; readonly findings: readonly Finding[] }> {
  const claimed = claim === undefined ? undefined : lookUp(claims, claim)
  if (claim !== undefined && claimed === undefined) {
    return { findings: [faultAt('encoding-unknown', { file, expected: 'utf-8, gb18030' })] }
  }
  const garbled = buildGarbledSearch(isUtf8)
  const twoBytes = buildTwoByteSearch()
  const utf8 = await scan(read(), 'utf-8', isUtf8, (chunk) => {
    garbled.add(chunk)
    twoBytes.add(chunk)
  })
  garbled.end()
  twoBytes.end()
  // Letters side by side that nobody writes are explained, if a program garbled them.
  const verdict = garbled.found.isMisread
    ? 'utf-8'
    : judgeTwoBytes(twoBytes.found, claimed === 'utf-8' || utf8.bomBytes > 0)
  if (utf8.kind !== undefined)
    return { findings: [faultAt('file-not-text', { file, byteOffset: 0, expected: `≠ ${utf8.kind}` })] }
  if (utf8.wide) return { findings: [faultAt('encoding-utf16', { file, byteOffset: 0, expected: 'UTF-8' })] }
  const findings: Finding[] = []
  if (utf8.nul !== undefined) findings.push(faultAt('nul-byte', { file, byteOffset: utf8.nul }))
  const refusal = (expected: string, byteOffset: number) =>
    faultAt('encoding', { file, expected, byteOffset })
  let chosen = utf8
  let encoding: Encoding = 'utf-8'
  if (claimed === 'gb18030' && utf8.bomBytes > 0) findings.push(refusal('GB18030', 0))
  else if (claimed === 'utf-8' || utf8.bomBytes > 0) {
    if (utf8.undecodable !== undefined) findings.push(refusal('UTF-8', utf8.undecodable))
  } else if (claimed === 'gb18030' || utf8.undecodable !== undefined || verdict === 'gb18030') {
    const evidence = collectEvidence(isUtf8)
    chosen = await scan(read(), 'gb18030', isUtf8, evidence.add)
    encoding = 'gb18030'
    findings.push(...gb18030Faults(evidence.end(), chosen, utf8, claimed, file))
  }
  if (encoding === 'utf-8')
    findings.push(...garbledFault(garbled.found, { file, ...atFirst(garbled.found.first) }))
  const isJudged = findings.some(({ check }) => check === 'encoding-doubtful' || check === 'encoding-foreign')
  if (utf8.undecodable === undefined && claimed !== 'gb18030' && !isJudged)
    findings.push(...twoByteFaults(verdict, twoBytes.found, file))
  if (chosen.bytes === chosen.bomBytes) return { findings: [faultAt('file-empty', { file })] }
  if (chosen.strayBom !== undefined)
    findings.push(faultAt('stray-bom', { file, byteOffset: chosen.strayBom }))
  if (findings.some(({ severity }) => severity === 'error')) return { findings }
  return { shape: { encoding, bomBytes: chosen.bomBytes }, findings }
}

/** What is wrong with a file that is read as GB18030, by declaration or because it is not UTF-8. */
function gb18030Faults(
  evidence: TextEvidence,
  gb18030: Scan,
  utf8: Scan,
  claimed: Encoding | undefined,
  file: string,
): readonly Finding[] {
  if (claimed !== undefined && utf8.undecodable === undefined && evidence.utf8.cells > 0)
    return [faultAt('encoding-claim', { file, expected: 'utf-8', ...atFirst(evidence.utf8.first) })]
  const faults = judgeEvidence(evidence, gb18030.undecodable === undefined, file)
  if (gb18030.undecodable === undefined || faults.length > 0) return faults
  // The encoding that decodes further is the likelier one, so its first error is reported.
  const offset =
    claimed === undefined ? Math.max(gb18030.undecodable, utf8.undecodable ?? 0) : gb18030.undecodable
  const expected = claimed === undefined ? 'UTF-8 / GB18030' : 'GB18030'
  return [faultAt('encoding', { file, expected, byteOffset: offset })]
}

const atFirst = (byteOffset: number | undefined) => (byteOffset === undefined ? {} : { byteOffset })

/** The result of a pass. */
export interface Scan {
  bytes: number
  /** Whether the file begins with it. */
  bomBytes: number
  /** Begins like UTF-16 or UTF-32. */
  wide: boolean
  /** The kind of file that it is instead of text, if its first bytes show one. */
  kind?: string | undefined
  /** Offsets of the first of each, if any. */
  nul?: number | undefined
  strayBom?: number | undefined
  undecodable?: number | undefined
}

const utf8Bom = Buffer.from([0xef, 0xbb, 0xbf])
const byteOrderMarks = { 'utf-8': utf8Bom, gb18030: Buffer.from([0x84, 0x31, 0x95, 0x33]) }

/** A pass over a file, chunk by chunk. */
interface Scanner {
  readonly add: (chunk: Uint8Array) => void
  /** After the last chunk. */
  readonly end: () => void
  /** What has been found so far. */
  readonly found: Readonly<Scan>
}

/** Builds a scanner. A character split between chunks is carried into the next chunk. */
export function buildScanner(encoding: Encoding, isUtf8: IsUtf8): Scanner {
  const found: Scan = { bytes: 0, bomBytes: 0, wide: false }
  const walk = encoding === 'utf-8' ? walkUtf8 : walkGb18030
  let carried: Uint8Array = new Uint8Array()
  let begin = Buffer.alloc(0)
  const scan = (bytes: Buffer, last: boolean): void => {
    const start = found.bytes
    if (start === 0) look(bytes, encoding, found)
    found.nul ??= offset(bytes.indexOf(0), start)
    if (found.undecodable !== undefined) {
      found.bytes += bytes.length
      return
    }
    const { end, undecodable, boms } = walk(bytes, last, isUtf8)
    if (undecodable) found.undecodable = start + end
    const stray = boms.find((at) => start + at > 0)
    found.strayBom ??= stray === undefined ? undefined : start + stray
    carried = undecodable ? new Uint8Array() : bytes.subarray(end)
    found.bytes += undecodable ? bytes.length : end
  }
  return {
    found,
    add: (chunk) => {
      if (begin.length < kindBytes) begin = Buffer.concat([begin, chunk.subarray(0, kindBytes)])
      // The first bytes decide the encoding, so a first chunk of one byte waits for the next.
      const bytes = carried.length === 0 ? asBuffer(chunk) : Buffer.concat([carried, chunk])
      if (found.bytes === 0 && bytes.length < 4) carried = bytes
      else scan(bytes, false)
    },
    end: () => {
      scan(asBuffer(carried), true)
      found.kind = fileKindOf(begin)
    },
  }
}

/** One pass over a file. */
async function scan(
  chunks: AsyncIterable<Uint8Array>,
  encoding: Encoding,
  isUtf8: IsUtf8,
  onChunk: (chunk: Buffer) => void = () => {},
): Promise<Scan> {
  const scanner = buildScanner(encoding, isUtf8)
  for await (const chunk of chunks) {
    scanner.add(chunk)
    onChunk(asBuffer(chunk))
  }
  scanner.end()
  return scanner.found
}

const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const offset = (index: number, start: number) => (index < 0 ? undefined : start + index)

function look(bytes: Buffer, encoding: Encoding, found: Scan): void {
  const mark = byteOrderMarks[encoding]
  found.bomBytes = bytes.subarray(0, mark.length).equals(mark) ? mark.length : 0
  const [first, second] = bytes
  found.wide = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
}

interface Walk {
  /** Where the walk ended: at the first undecodable byte, or before an incomplete character. */
  readonly end: number
  readonly undecodable: boolean
  /** Offsets of byte order marks; the first few suffice. */
  readonly boms: readonly number[]
}

function walkUtf8(bytes: Buffer, last: boolean, isUtf8: IsUtf8): Walk {
  const end = last ? bytes.length : completeUtf8(bytes)
  const first = bytes.indexOf(utf8Bom)
  const boms = first < 0 ? [] : [first, bytes.indexOf(utf8Bom, first + 1)].filter((at) => at >= 0)
  if (isUtf8(bytes.subarray(0, end))) return { end, undecodable: false, boms }
  let at = 0
  for (;;) {
    const length = utf8Length(bytes[at] ?? 0)
    // A character truncated at the end of the bytes is not valid UTF-8 either.
    if (length === 0 || at + length > end || !isUtf8(bytes.subarray(at, at + length))) break
    at += length
  }
  return { end: at, undecodable: true, boms: boms.filter((bom) => bom < at) }
}

function utf8Length(lead: number): number {
  if (lead < 0x80) return 1
  if (lead < 0xc2) return 0
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
}

/** The length of the bytes without an incomplete character at the end. */
function completeUtf8(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte >= 0xc0) return utf8Length(byte) > back ? bytes.length - back : bytes.length
    if (byte < 0x80) break
  }
  return bytes.length
}

/**
 * GB18030 as in the WHATWG standard (https://encoding.spec.whatwg.org/#gb18030-decoder): one, two or four
 * bytes. All two-byte forms have characters; of the four-byte ones two ranges have.
 */
function walkGb18030(bytes: Buffer, last: boolean): Walk {
  const boms: number[] = []
  let at = 0
  while (at < bytes.length) {
    const first = bytes[at] ?? 0
    if (first <= 0x80) {
      at += 1
      continue
    }
    const second = bytes[at + 1]
    const length = second !== undefined && second >= 0x30 && second <= 0x39 ? 4 : 2
    const cut = at + length > bytes.length
    if (cut && !last && first !== 0xff) return { end: at, undecodable: false, boms }
    if (cut || !isGb18030(bytes, at, length)) return { end: at, undecodable: true, boms }
    // U+FEFF in GB18030.
    if (length === 4 && bytes.readUInt32BE(at) === 0x84319533 && boms.length < 2) boms.push(at)
    at += length
  }
  return { end: at, undecodable: false, boms }
}

function isGb18030(bytes: Buffer, at: number, length: number): boolean {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes.subarray(at, at + length)
  if (first === 0xff) return false
  if (length === 2) return second >= 0x40 && second <= 0xfe && second !== 0x7f
  if (third < 0x81 || third > 0xfe || fourth < 0x30 || fourth > 0x39) return false
  const pointer = (((first - 0x81) * 10 + second - 0x30) * 126 + third - 0x81) * 10 + fourth - 0x30
  return pointer <= 39_419 || (pointer >= 189_000 && pointer <= 1_237_575)
}
