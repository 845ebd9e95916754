/** Kinds of files that are sent under the name of a CSV, by their first bytes. */

/** What is no text begins with exactly these bytes. */
const binary: readonly (readonly [string, string])[] = [
  ['XLSX (.xlsx)', '504b0304'],
  ['XLS (.xls)', 'd0cf11e0'],
  ['PDF', '255044462d'],
  ['gzip', '1f8b'],
  ['PNG', '89504e470d0a'],
  ['JPEG', 'ffd8ff'],
]

const markup: readonly (readonly [string, RegExp])[] = [
  ['HTML', /^\s*<(!doctype html|html|table)\b/i],
  ['XML', /^\s*<\?xml /],
  ['JSON', /^\s*(\[\s*\{|\{)\s*"/],
]

/** The longest beginning that is compared. */
export const kindBytes = 64

/** The kind of a file that is no table of text; undefined if its beginning shows none. */
export function fileKindOf(bytes: Buffer): string | undefined {
  const hex = bytes.toString('hex', 0, kindBytes)
  const text = bytes.toString('utf8', 0, kindBytes).replace(/^\ufeff/, '')
  const found =
    binary.find(([, start]) => hex.startsWith(start)) ?? markup.find(([, pattern]) => pattern.test(text))
  return found?.[0]
}
