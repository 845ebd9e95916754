/**
 * Matches the items of two lists: by dataset, else by name and providers. Pure. A key that two items of a
 * list share is ambiguous, so those items are left to the next key.
 */
import { type Promised, providersOf } from '../promise.ts'
import { moveOn } from './years.ts'

/** Returns a key to match items by; undefined if the item does not have it. */
type KeyOf = (promised: Promised) => string | undefined

/** The name, ignoring width, case and spaces. */
const name: KeyOf = ({ values }) =>
  values.name === null ? undefined : values.name.normalize('NFKC').toLowerCase().replace(/\s+/g, '')
const providers: KeyOf = (promised) => [...providersOf(promised)].sort().join(';')
const number: KeyOf = ({ values }) => values.number ?? undefined
const dataset: KeyOf = ({ values }) => values.dataset ?? undefined
const edition: KeyOf = ({ values }) => values.edition ?? undefined

const both =
  (...keys: readonly KeyOf[]): KeyOf =>
  (promised) => {
    const parts = keys.map((keyOf) => keyOf(promised))
    return parts.includes(undefined) ? undefined : JSON.stringify(parts)
  }

/**
 * Within a year an item keeps its dataset's edition or its name, or at least its number (the key of the
 * records) and its providers. The most reliable key comes first.
 */
const keysWithin = [
  both(dataset, edition),
  both(name, providers),
  both(number, providers),
  both(number, name),
  name,
]

/** Between years, numbers mean nothing and the edition moves on. */
const keysAcross = (years: number): readonly KeyOf[] => {
  const movedOn: KeyOf = ({ values }) => (values.edition === null ? undefined : moveOn(values.edition, years))
  return [both(dataset, name), both(dataset, movedOn), dataset, both(name, providers), name]
}

/**
 * For each item of `after` the index of the same item in `before`; undefined for a new item. Both are of the
 * same year, or `after` is `years` later.
 */
export function matchItems(
  before: readonly Promised[],
  after: readonly Promised[],
  years: number | 'within',
): readonly (number | undefined)[] {
  const [formerKeys, laterKeys] =
    years === 'within' ? [keysWithin, keysWithin] : [keysAcross(years), keysAcross(0)]
  const found: (number | undefined)[] = after.map(() => undefined)
  const used = new Set<number>()
  for (const [step, laterKey] of laterKeys.entries()) {
    const left = indexBy(before, formerKeys[step] ?? laterKey, (index) => !used.has(index))
    const right = indexBy(after, laterKey, (index) => found[index] === undefined)
    for (const [key, [item, ...twins]] of right) {
      const [former, ...formerTwins] = left.get(key) ?? []
      if (item === undefined || former === undefined || twins.length + formerTwins.length > 0) continue
      found[item] = former
      used.add(former)
    }
  }
  return found
}

function indexBy(
  items: readonly Promised[],
  keyOf: KeyOf,
  isFree: (index: number) => boolean,
): ReadonlyMap<string, readonly number[]> {
  const byKey = new Map<string, number[]>()
  for (const [index, item] of items.entries()) {
    const key = isFree(index) ? keyOf(item) : undefined
    if (key !== undefined) byKey.set(key, [...(byKey.get(key) ?? []), index])
  }
  return byKey
}
