/**
 * Characters that are not seen but change how a text is shown or read: control characters other than tab and
 * line breaks, direction marks (Unicode Standard Annex 9: U+202E makes `gpj.exe` read `exe.jpg`), line and
 * paragraph separators, and tags. Joiners stay, because scripts and emoji need them. U+FFFD is among them, because a
 * program writes it where it could not read a character.
 */

const ranges =
  '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufffd\\u{e0000}-\\u{e007f}'

const one = new RegExp(`[${ranges}]`, 'u')
const all = new RegExp(`[${ranges}]`, 'gu')

/** The first such character of a text, as `U+202E`; undefined if there is none. */
export function controlCharacterIn(text: string): string | undefined {
  const found = one.exec(text)?.[0].codePointAt(0)
  return found === undefined ? undefined : `U+${found.toString(16).toUpperCase().padStart(4, '0')}`
}

/** The text with U+FFFD, which is seen, for each such character: nothing in a page can then be reordered. */
export function withoutControlCharacters(text: string): string {
  return text.replace(all, '\ufffd')
}

/** By byte: 1 if a character of the ranges may begin with it in UTF-8. */
const leads = new Uint8Array(256)
leads.fill(1, 0, 0x20)
// Tab and line breaks are ordinary.
for (const ordinary of [0x09, 0x0a, 0x0d]) leads[ordinary] = 0
for (const lead of [0x7f, 0xc2, 0xd8, 0xe2, 0xef, 0xf3]) leads[lead] = 1

/** Whether UTF-8 bytes may hold such a character: quick, and never false where `controlCharacterIn` finds one. */
export function mayHoldControlCharacter(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const lead = bytes[at] ?? 0
    if (leads[lead] === 0) continue
    const second = bytes[at + 1] ?? 0
    const third = bytes[at + 2] ?? 0
    if (lead === 0xe2 ? isGeneralPunctuation(second, third) : isControl(lead, second, third)) return true
  }
  return false
}

/** U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069; quotation marks and dashes are beside them. */
function isGeneralPunctuation(second: number, third: number): boolean {
  if (second === 0x80) return third === 0x8e || third === 0x8f || (third >= 0xa8 && third <= 0xae)
  return second === 0x81 && third >= 0xa6 && third <= 0xa9
}

function isControl(lead: number, second: number, third: number): boolean {
  if (lead < 0x80) return true
  // U+FFFD; full-width punctuation is beside it.
  if (lead === 0xef) return second === 0xbf && third === 0xbd
  if (lead === 0xc2) return second < 0xa0
  return lead === 0xd8 ? second === 0x9c : second === 0xa0
}
