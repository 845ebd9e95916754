/**
 * Text of two-byte sequences, which is letters in UTF-8 and Chinese in GBK: `小学` has the bytes of `Сѧ`, `茅` those of
 * `é`. Both readings have a cost, about the logarithm of how rare such a text is. Nothing is decided here from one
 * place: files are judged by all of theirs (judge-two-bytes.ts), cells of mixed files by the whole line.
 */
import { isCommon } from './common-characters.ts'

/** Two-byte characters of UTF-8 begin with 0xC2 to 0xDF. */
const first = 0xc2
const last = 0xdf

/** By `(lead & 0x1f) << 6 | (trail & 0x3f)`, which is the code point of UTF-8. */
const utf8Costs = new Float32Array(0x800)
const utf8Scripts = new Uint8Array(0x800)
const gbCosts = new Float32Array(0x800)

/** Scripts; signs have none, marks that of the letter before. */
const sign = 0
const latin = 1
const greek = 2
const mark = 9

/** The first kind that a character has: its cost and script. Letters that living languages write are cheap. */
const kinds: readonly (readonly [RegExp, number, number])[] = [
  [/[\p{Cn}\p{Cc}\p{Co}]/u, 15, sign],
  [/[\u00a0-\u00bf×÷]/, 0, sign],
  [/[\u00c0-\u017f\u01a0\u01a1\u01af\u01b0\u01cd-\u01dc\u0218-\u021b\u0259]/, 0, latin],
  [/[\u0180-\u024f]/, 3, latin],
  [/[\u0250-\u02ff]/, 5, latin],
  [/[\u0300-\u036f]/, 0.5, mark],
  [/[\u0386\u0388-\u03ce]/, 0.5, greek],
  [/[\u0370-\u03ff]/, 6, greek],
  [/[\u0400-\u045f]/, 0.5, 3],
  [/[\u0490-\u04ff]/, 3, 3],
  [/[\u0460-\u052f]/, 8, 3],
  [/\p{Script=Armenian}/u, 1, 4],
  [/[\u05d0-\u05ea]/, 0.5, 5],
  [/[\u0590-\u05ff]/, 3, mark],
  [/[\u0620-\u064a\u0660-\u06d5]/, 0.5, 6],
  [/[\u0600-\u06ff\u0750-\u077f]/, 1.5, 6],
  [/[\u0700-\u077f]/, 3, 7],
  [/[\u0780-\u07bf]/, 3, 8],
]
const otherKind = [/./, 3, 10] as const

/** Costs of a Chinese character: beyond GB 2312, in its second part, and in its first but not ordinary. */
const rareCost = 7
const secondCost = 3
const unusualCost = 2
const secondPartMin = 0xd8

let isBuilt = false

function buildCosts(): void {
  isBuilt = true
  const decoder = new TextDecoder('gb18030')
  for (let lead = first; lead <= last; lead++)
    for (let trail = 0x80; trail <= 0xbf; trail++) {
      const code = ((lead & 0x1f) << 6) | (trail & 0x3f)
      const character = String.fromCharCode(code)
      const [, cost, script] = kinds.find(([kind]) => kind.test(character)) ?? otherKind
      utf8Costs[code] = cost
      utf8Scripts[code] = script
      const chinese = decoder.decode(Uint8Array.of(lead, trail))
      const inGb2312 = lead >= secondPartMin ? secondCost : isCommon(chinese) ? 0 : unusualCost
      gbCosts[code] = trail <= 0xa0 ? rareCost : inGb2312
    }
}

/** Further costs of UTF-8: letters of two scripts side by side, a letter by itself, a sign out of place. */
const changeCost = 6
const aloneCost = 3
const misplacedCost = 4

/** A further cost of Chinese, for each Latin letter that adjoins it: `T恤` is usual, `caf茅` is not. */
const smallLetterCost = 4
const capitalCost = 1

/** Whether a byte begins a character of two bytes in UTF-8. */
export const isTwoByteLead = (byte: number) => byte >= first && byte <= last

/** The end of the two-byte characters of UTF-8 that begin at `at`. */
export function twoByteEnd(bytes: Uint8Array, at: number): number {
  let end = at
  while (isTwoByteLead(bytes[end] ?? 0) && ((bytes[end + 1] ?? 0) & 0xc0) === 0x80) end += 2
  return end
}

/** How much unlikelier two-byte characters from `begin` to `end` are as UTF-8 than as Chinese in GBK. */
export function twoByteMargin(bytes: Uint8Array, begin: number, end: number): number {
  if (!isBuilt) buildCosts()
  const before = begin > 0 ? (bytes[begin - 1] as number) : 0
  const after = bytes[end] ?? 0
  const isJoined = isLetter(before) || isLetter(after)
  let script = isJoined ? latin : sign
  let letters = 0
  let utf8 = 0
  let gb = letterCost(before) + letterCost(after)
  for (let at = begin; at < end; at += 2) {
    const code = (((bytes[at] as number) & 0x1f) << 6) | ((bytes[at + 1] as number) & 0x3f)
    const own = utf8Scripts[code] as number
    utf8 += utf8Costs[code] as number
    gb += gbCosts[code] as number
    if (own === sign) {
      if (gbCosts[code] === 0 && !isPlaced(code, at === begin ? before : 0x80, at + 2 < end ? 0x80 : after))
        utf8 += misplacedCost
      continue
    }
    letters += 1
    if (own === mark) {
      if (script === sign) utf8 += 2 * misplacedCost
      continue
    }
    // A Greek letter beside Latin ones or by itself is a symbol: `μg`.
    if (script !== sign && own !== script && (own !== greek || letters > 1)) utf8 += changeCost
    script = own
  }
  if (!isJoined && letters > 0 && script !== greek && (letters === 1 || script === latin)) utf8 += aloneCost
  return utf8 - gb
}

/** Whether any of two-byte characters is a letter. */
export function hasLetter(bytes: Uint8Array, begin: number, end: number): boolean {
  for (let at = begin; at < end; at += 2)
    if (utf8Scripts[(((bytes[at] as number) & 0x1f) << 6) | ((bytes[at + 1] as number) & 0x3f)] !== sign)
      return true
  return false
}

const isSmall = (byte: number) => byte >= 0x61 && byte <= 0x7a
const isLetter = (byte: number) => isSmall(byte | 0x20)
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39
const isWord = (byte: number) => isLetter(byte) || isDigit(byte) || byte >= 0x80
const letterCost = (byte: number) => (isSmall(byte) ? smallLetterCost : isLetter(byte) ? capitalCost : 0)

/** Whether a sign stands where it is written: `¥` before digits, `·` between words, others after a word. */
function isPlaced(code: number, before: number, after: number): boolean {
  if (code === 0xa5) return isDigit(after)
  return isWord(before) && (code !== 0xb7 || isWord(after))
}
