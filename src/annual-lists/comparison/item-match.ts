/**
 * Which item of one list is which of another: by the dataset that keeps it, else by name and providers. Pure. What two
 * items of a list share tells neither apart, so such a sign is left for the next.
 */
import { type Promised, providersOf } from '../promise.ts'
import { moveOn } from './years.ts'

/** A sign by which an item may be known again; undefined where the item does not have it. */
type Sign = (promised: Promised) => string | undefined

/** A name as people compare it: width, case and spaces make no other item. */
const name: Sign = ({ values }) =>
  values.name === null ? undefined : values.name.normalize('NFKC').toLowerCase().replace(/\s+/g, '')
const providers: Sign = (promised) => [...providersOf(promised)].sort().join(';')
const number: Sign = ({ values }) => values.number ?? undefined
const dataset: Sign = ({ values }) => values.dataset ?? undefined
const edition: Sign = ({ values }) => values.edition ?? undefined

const both =
  (...signs: readonly Sign[]): Sign =>
  (promised) => {
    const parts = signs.map((sign) => sign(promised))
    return parts.includes(undefined) ? undefined : JSON.stringify(parts)
  }

/**
 * Within a year an item keeps its dataset's edition or its name, or at least its number (the key of the records) and its
 * providers. The surest sign comes first.
 */
const signsWithin = [
  both(dataset, edition),
  both(name, providers),
  both(number, providers),
  both(number, name),
  name,
]

/** From year to year numbers mean nothing, and the edition moves on. */
const signsAcross = (years: number): readonly Sign[] => {
  const movedOn: Sign = ({ values }) => (values.edition === null ? undefined : moveOn(values.edition, years))
  return [both(dataset, name), both(dataset, movedOn), dataset, both(name, providers), name]
}

/**
 * For each item of `after` the index of the same item in `before`; undefined for one that is new. Both are of the same
 * year, or `after` is so many years later.
 */
export function matchItems(
  before: readonly Promised[],
  after: readonly Promised[],
  years: number | 'within',
): readonly (number | undefined)[] {
  const [formerSigns, laterSigns] =
    years === 'within' ? [signsWithin, signsWithin] : [signsAcross(years), signsAcross(0)]
  const found: (number | undefined)[] = after.map(() => undefined)
  const taken = new Set<number>()
  for (const [step, laterSign] of laterSigns.entries()) {
    const left = indexBy(before, formerSigns[step] ?? laterSign, (index) => !taken.has(index))
    const right = indexBy(after, laterSign, (index) => found[index] === undefined)
    for (const [key, [item, ...twins]] of right) {
      const [former, ...formerTwins] = left.get(key) ?? []
      if (item === undefined || former === undefined || twins.length + formerTwins.length > 0) continue
      found[item] = former
      taken.add(former)
    }
  }
  return found
}

function indexBy(
  items: readonly Promised[],
  sign: Sign,
  isFree: (index: number) => boolean,
): ReadonlyMap<string, readonly number[]> {
  const byKey = new Map<string, number[]>()
  for (const [index, item] of items.entries()) {
    const key = isFree(index) ? sign(item) : undefined
    if (key !== undefined) byKey.set(key, [...(byKey.get(key) ?? []), index])
  }
  return byKey
}
