/**
 * Words for a total or an average in the place of a name, with any blanks and width: `合 计：`, `合计（人）`, `总计*`. A
 * longer name that ends with one, such as 黄浦区小计, may be a total or the name of a record.
 */

const words: ReadonlySet<string> = new Set([
  ...['合计', '总计', '小计', '共计', '累计', '总数', '总和'],
  ...['合計', '總計', '小計', '共計', '總數', '平均', '平均值', '平均数', '均值'],
  ...['total', 'totals', 'subtotal', 'sub-total', 'grandtotal', 'sum', 'average', '∑', 'σ'],
])

/** What may stand before such a word without making it a name. */
const scope = /^(本页|本表|本列|全市|全区|全县|全省|全国|全校|全部|以上|总)/
const ending = /(合计|总计|小计|共计|合計|總計|小計|共計)$/
/** A row that breaks down the row above it. */
const part = /^其中($|:)/

/** A longer text is a name, however it begins. */
const charactersMax = 20

/** Whether a text is a word for a total. */
export function isTotal(text: string): boolean {
  if (text.length > charactersMax) return false
  const word = plain(text)
  return words.has(word) || words.has(word.replace(scope, ''))
}

/** Whether a text may be the name of a total of some records, or a part of the record above. */
export function mayBeTotal(text: string): boolean {
  if (text.length > charactersMax) return false
  const word = plain(text)
  return part.test(word) || ending.test(word)
}

/** Without blanks, a unit in brackets, stars and colons at the end; in half width and lower case. */
function plain(text: string): string {
  return text
    .replace(/[\s\u200b\u2060]+/g, '')
    .replace(/[\uff01-\uff5e]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
    .replace(/(\([^()]{1,6}\)|[*:])+$/, '')
    .toLowerCase()
}
