/**
 * Finds Chinese in GBK that is valid UTF-8 by chance. 682 common characters have such bytes (学校小院医女一 …), so a file
 * whose Chinese has no others is UTF-8 for every decoder. All two-byte characters of the file are weighed.
 */
import type { Finding } from '../../../platform/finding.ts'
import { faultAt } from '../findings/checks.ts'
import { nextBeyondAscii, visitTwoByteLeads } from './scan-bytes.ts'
import { hasLetter, isTwoByteLead, twoByteEnd, twoByteMargin } from './two-byte-text.ts'

/** What the two-byte characters of a file are, if the file is valid UTF-8. */
export interface TwoByteText {
  /** Whether some text is not Chinese in GBK: of three-byte characters, or much likelier UTF-8. */
  isUtf8: boolean
  /** Sums of margins: of texts with letters that are likelier Chinese, of signs that are, of other texts. */
  letters: number
  signs: number
  utf8: number
  /** Texts with letters that are much likelier Chinese, and the first byte; the first that is likelier Chinese. */
  places: number
  first?: number
  /** The first text with letters for which nothing decides. */
  firstOpen?: number
  firstLikelier?: number
}

export interface TwoByteSearch {
  readonly add: (chunk: Uint8Array) => void
  /** After the last chunk. */
  readonly end: () => void
  /** What has been found so far. */
  readonly found: Readonly<TwoByteText>
}

/** The margin of a reading that is much likelier: about one character that nobody writes. A small one says nothing. */
const sureMargin = 5
const likelierMin = 2

/** A longer run of characters beyond ASCII is no text that a person typed into a cell. */
const runBytesMax = 1 << 16

/** Searches all of a file. */
export function buildTwoByteSearch(): TwoByteSearch {
  const found: TwoByteText = { isUtf8: false, letters: 0, signs: 0, utf8: 0, places: 0 }
  // The last ASCII byte and what follows it, since the characters around a text count.
  let held: Buffer = Buffer.alloc(0)
  let heldAt = 0

  function search(bytes: Buffer, start: number, offset: number): void {
    let at = start
    while (!found.isUtf8) {
      at = nextBeyondAscii(bytes, at)
      if (at >= bytes.length) return
      if (isTwoByteLead(bytes[at] ?? 0)) at = weigh(bytes, at, offset)
      else found.isUtf8 = true
    }
    visitTwoByteLeads(bytes, at, (lead) => weigh(bytes, lead, offset))
  }
  function weigh(bytes: Buffer, begin: number, offset: number): number {
    const end = twoByteEnd(bytes, begin)
    // Bytes that are not UTF-8 are left to the scanner.
    if (end === begin) return begin + 1
    const margin = twoByteMargin(bytes, begin, end)
    if (margin < 0) found.utf8 -= margin
    if (margin <= -sureMargin) found.isUtf8 = true
    if (margin > -likelierMin && !found.isUtf8 && hasLetter(bytes, begin, end))
      found.firstOpen ??= offset + begin
    if (margin < likelierMin) return end
    found.firstLikelier ??= offset + begin
    if (!hasLetter(bytes, begin, end)) {
      found.signs += margin
      return end
    }
    found.letters += margin
    if (margin < sureMargin) return end
    found.places += 1
    found.first ??= offset + begin
    return end
  }
  return {
    found,
    add: (chunk) => {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      const at = heldAt + held.length
      let from = 0
      while (from < bytes.length && (bytes[from] as number) >= 0x80) from += 1
      const joined = Buffer.concat([held, bytes.subarray(0, from + 1)])
      if (from === bytes.length && joined.length <= runBytesMax) {
        held = joined
        return
      }
      search(joined, 0, heldAt)
      let to = bytes.length
      while (to > from && (bytes[to - 1] as number) >= 0x80) to -= 1
      search(bytes.subarray(0, to), from, at)
      const keep = Math.max(from, to - 1)
      held = Buffer.from(bytes.subarray(keep))
      heldAt = at + keep
    },
    end: () => search(held, 0, heldAt),
  }
}

/** How a file in valid UTF-8 is taken: `mixed` and `ambiguous` are errors, `doubtful` is UTF-8 with a warning. */
export type TwoByteVerdict = 'utf-8' | 'gb18030' | 'mixed' | 'doubtful' | 'ambiguous'

/** The sum of margins from which a file without other evidence is GB18030, and how many times the other it must be. */
const gbMin = 4
const timesMin = 2

/** A smaller sum of margins is no evidence for UTF-8. */
const utf8Min = 1

/** Judges a file; `isMarked` says that it has a byte order mark or is declared to be UTF-8. */
export function judgeTwoBytes(text: Readonly<TwoByteText>, isMarked: boolean): TwoByteVerdict {
  const { isUtf8, letters, signs, utf8, places, firstOpen } = text
  // Signs are usual in Chinese text, and words of another script speak for single letters of it.
  if (isUtf8 || isMarked) return places > 0 ? 'mixed' : letters > utf8 ? 'doubtful' : 'utf-8'
  const gb = letters + signs
  if (gb === 0) return utf8 < utf8Min && firstOpen !== undefined ? 'doubtful' : 'utf-8'
  if (gb >= gbMin && gb >= timesMin * utf8) return 'gb18030'
  return utf8 >= timesMin * gb ? 'doubtful' : 'ambiguous'
}

/** The finding of a verdict, with the first place that speaks for GBK. */
export function twoByteFaults(
  verdict: TwoByteVerdict,
  { places, first, firstOpen, firstLikelier = firstOpen }: Readonly<TwoByteText>,
  file: string,
): readonly Finding[] {
  const at = (byteOffset: number | undefined) => (byteOffset === undefined ? { file } : { file, byteOffset })
  switch (verdict) {
    case 'utf-8':
      return []
    case 'mixed': {
      const expected = `GBK ${places} 处 / in GBK: ${places === 1 ? '1 place' : `${places} places`}`
      return [faultAt('encoding-mixed', { ...at(first), expected })]
    }
    case 'ambiguous':
      return [faultAt('encoding-ambiguous', { ...at(firstLikelier), expected: 'UTF-8 / GB18030' })]
    default:
      return [faultAt('encoding-doubtful', { ...at(firstLikelier), expected: both[verdict] })]
  }
}

const both = {
  gb18030: '按 GB18030 读取，也是有效的 UTF-8 / read as GB18030, valid UTF-8 too',
  doubtful: '按 UTF-8 读取，也可能是 GB18030 / read as UTF-8, perhaps GB18030',
}
