/** Finds, from the bytes of a key, the few texts for which a row must be looked at as a whole. */
import { isBesideRecords, isExample } from './notes.ts'
import { isTotal, mayBeTotal } from './totals.ts'

/** Whether a text in a key may show that its row is no record. */
export function isKeyWord(text: string): boolean {
  return isTotal(text) || mayBeTotal(text) || isBesideRecords(text) || isExample(text)
}

/** The characters that such texts begin with, and the last one of the others: 黄浦区小计. */
const firsts = [
  ...'合总小共累全平均總本以其注备说附资数来统填制审复校报经主单联人部时日电负例示样范∑Σσ※＊*（(【[',
  ...'tsagne',
]
const lasts = [...'计計）：＊)*:']

const beginnings = byByte(firsts.flatMap(spellings), (bytes) => bytes[0] ?? 0)
const endings = byByte(lasts, (bytes) => bytes[bytes.length - 1] ?? 0)

/** A letter also in upper case and full width. */
function spellings(letter: string): readonly string[] {
  if (letter > '\u007f') return [letter]
  const both = [...new Set([letter, letter.toUpperCase()])]
  return both.flatMap((one) => [one, String.fromCharCode(one.charCodeAt(0) + 0xfee0)])
}

function byByte(texts: readonly string[], byteOf: (bytes: Buffer) => number) {
  const built: (readonly Buffer[] | undefined)[] = []
  for (const bytes of texts.map((text) => Buffer.from(text))) {
    const byte = byteOf(bytes)
    built[byte] = [...(built[byte] ?? []), bytes]
  }
  return built
}

/** Whether the bytes from `from` to `to`, which begin and end with no blank, are such a text in UTF-8. */
export function isKeyWordIn(bytes: Buffer, from: number, to: number): boolean {
  const startsSo = beginnings[bytes[from] ?? 0]?.some((first) => holds(bytes, from, to, first)) === true
  // Numbered records, such as S0012, are many.
  const isCode = startsSo && isLetter(bytes[from] ?? 0) && isDigit(bytes[from + 1] ?? 0)
  const endsSo = () =>
    endings[bytes[to - 1] ?? 0]?.some((last) => holds(bytes, to - last.length, to, last)) === true
  return ((startsSo && !isCode) || endsSo()) && isKeyWord(bytes.toString('utf8', from, to))
}

const isLetter = (byte: number) => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39

function holds(bytes: Buffer, from: number, to: number, text: Buffer): boolean {
  return to - from >= text.length && text.every((byte, at) => bytes[from + at] === byte)
}
