/**
 * Words for a total or an average in the place of a name, with any blanks, width and case, and a colon after them:
 * `合 计：`.
 */

const words: ReadonlySet<string> = new Set([
  ...['合计', '总计', '小计', '共计', '累计', '总数', '总和', '全市合计'],
  ...['合計', '總計', '小計', '共計', '總數', '平均', '平均值', '平均数', '均值'],
  ...['total', 'totals', 'subtotal', 'sub-total', 'grandtotal', 'sum', 'average'],
])

/** A longer text is a name, however it begins. */
const charactersMax = 20

/** Whether a text is a word for a total. */
export function isTotal(text: string): boolean {
  if (text.length > charactersMax) return false
  const plain = text
    .replace(/[\s\u200b\u2060]+/g, '')
    .replace(/[\uff01-\uff5e]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
  return words.has(plain.replace(/:+$/, '').toLowerCase())
}

/** By the first byte: the characters that a total begins with, in UTF-8. */
const beginnings: readonly (readonly Buffer[] | undefined)[] = buildBeginnings()

function buildBeginnings(): readonly (readonly Buffer[] | undefined)[] {
  const built: Buffer[][] = []
  const wide = (letter: string) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0)
  const firsts = new Set([...words].map((word) => word.charAt(0)))
  for (const first of firsts) {
    const letters = first < '\u0080' ? [first, first.toUpperCase()] : [first]
    for (const letter of letters.flatMap((one) => (one < '\u0080' ? [one, wide(one)] : [one]))) {
      const bytes = Buffer.from(letter)
      const byte = bytes[0] ?? 0
      built[byte] = [...(built[byte] ?? []), bytes]
    }
  }
  return built
}

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39

/** Whether the bytes from `from` to `to`, which begin with no blank, are a word for a total in UTF-8. */
export function isTotalIn(bytes: Buffer, from: number, to: number): boolean {
  // A character has at most three bytes here. Numbers of persons often begin as a word does, and go on with a digit.
  if (to - from > 3 * charactersMax || isDigit(bytes[from + 1])) return false
  const known = beginnings[bytes[from] ?? 0]
  if (known?.some((first) => first.every((byte, at) => bytes[from + at] === byte)) !== true) return false
  return isTotal(bytes.toString('utf8', from, to))
}
