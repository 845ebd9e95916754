/**
 * bag-info.txt (RFC 8493, 2.2.2): lines of "label, colon, value", and which bag of a multi-bag bundle this
 * is. Reports a finding if a bag gives its place in the group only in part.
 */
import type { Finding } from '../../../platform/finding.ts'
import { faultAt } from '../findings/checks.ts'
import type { BundleLimits } from './limits.ts'

/** The place of a bag among those of one bundle. */
export interface BagGroup {
  /** The provider's own name for the group. */
  readonly identifier: string
  /** Of the bag, from 1. */
  readonly number: number
  readonly count: number
}

/** Values by label in lower case, in their order in the file; a label may recur. */
type BagInfo = ReadonlyMap<string, readonly string[]>

/** Longest name of a group, in characters. */
const identifierMax = 200

/** Reads bag-info.txt. "Long values may be continued onto the next line", which then begins with a blank. */
export function parseBagInfo(text: string): BagInfo {
  const info = new Map<string, string[]>()
  let values: string[] | undefined
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (/^[ \t]/.test(line) && values !== undefined && values.length > 0) {
      values.push(`${values.pop()} ${line.trim()}`.trim())
      continue
    }
    const match = /^([^:]+?)[ \t]*:[ \t]*(.*?)[ \t]*$/.exec(line)
    if (match === null) continue
    const label = (match[1] ?? '').toLowerCase()
    values = info.get(label) ?? []
    values.push(match[2] ?? '')
    info.set(label, values)
  }
  return info
}

/**
 * The group and number of a bag. A bag without both labels, or "1 of 1" without a name, is a bundle by
 * itself; "2 of ?" (allowed by RFC 8493) is rejected, since nobody could know when the group is complete.
 */
export function groupOf(
  info: BagInfo,
  { bagsMax }: Pick<BundleLimits, 'bagsMax'>,
): { readonly group?: BagGroup; readonly findings: readonly Finding[] } {
  const identifiers = info.get('bag-group-identifier') ?? []
  const counts = info.get('bag-count') ?? []
  const match = /^([1-9]\d{0,5})[ \t]+of[ \t]+([1-9]\d{0,5})$/i.exec(counts[0] ?? '')
  const [number, count] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)]
  if (
    identifiers.length === 0 &&
    (counts.length === 0 || (counts.length === 1 && count === 1 && number === 1))
  )
    return { findings: [] }
  const [identifier = ''] = identifiers
  const isNamed = identifiers.length === 1 && isPlain(identifier)
  if (isNamed && counts.length === 1 && number >= 1 && number <= count && count <= bagsMax)
    return { group: { identifier, number, count }, findings: [] }
  const expected = `Bag-Group-Identifier: …, Bag-Count: 1 of 2 (≤ ${bagsMax})`
  return { findings: [faultAt('group-label', { file: 'bag-info.txt', expected })] }
}

/** Names are shown in lists and findings. */
function isPlain(identifier: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this pattern rejects control characters.
  return identifier !== '' && identifier.length <= identifierMax && !/[\u0000-\u001f\u007f]/.test(identifier)
}
