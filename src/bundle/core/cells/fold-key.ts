/**
 * Folds the texts of a key for the search for duplicates: `é` may be one character or two, and `Ａ１` looks like
 * `A1`. Two rows that differ in this alone are one record to every reader.
 */

// Full and half width, blanks of all widths, ligatures, and the radicals that PDFs hold in place of characters. Not all
// of NFKC: ① and 1, or Ⅱ and II, are different names.
const sameLooks =
  /[\u00a0\u2000-\u200a\u202f\u205f\u2f00-\u2fdf\u3000\ufb00-\ufb06\uff01-\uff9f\uffa0-\uffe6]/g
const unseen = /[\u00ad\u200b-\u200d\u2060\ufeff]/g

/** The text in composed form and its usual width, without characters that are not seen. */
export function foldKey(text: string): string {
  return text
    .replace(unseen, '')
    .replace(sameLooks, (sign) => sign.normalize('NFKC'))
    .normalize('NFC')
}

/** By byte: 1 unless a character that begins with it folds to itself, as ASCII and nearly all Chinese do. */
const mayFold = new Uint8Array(256)
// U+00AD, combining marks and scripts with them, punctuation, signs and kana, full width, supplements.
for (const [from, to] of [
  [0xc2, 0xc2],
  [0xcc, 0xcd],
  [0xd6, 0xe3],
  [0xea, 0xf4],
] as const) {
  mayFold.fill(1, from, to + 1)
}

/** Whether folding may change a text in UTF-8: quick, and never false where `foldKey` changes something. */
export function mayFoldKey(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (mayFold[bytes[at] ?? 0] === 1) return true
  return false
}
