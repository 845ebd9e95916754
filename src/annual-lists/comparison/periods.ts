/**
 * The periods of an item and the evidence for each. Editions are years and school years, so those are the periods that
 * can be told apart: a dataset that is renewed more often renews its edition by versions, which are counted here.
 */

import type { PublishedVersion } from '../../catalogue/index.ts'
import type { Contract } from '../../contract/index.ts'
import { dayInShanghai } from '../../platform/time.ts'
import type { Promised } from '../promise.ts'
import { type PromiseOutcome, stateOf } from '../state.ts'

export interface ItemPeriod extends PromiseOutcome {
  /** Edition of the dataset; null where no dataset is named, or none that the reader may see. */
  readonly edition: string | null
  /** Day in Asia/Shanghai on which its latest version was published; null while there is none. */
  readonly lastPublished: string | null
  /** Versions that stand. */
  readonly versions: number
  /** When and why all that was published was taken back. */
  readonly withdrawn: { readonly at: Date; readonly reason: string } | null
}

/** What the reader may know of the datasets: their newest contracts, and their versions, newest first. */
export interface KnownDatasets {
  readonly contracts: ReadonlyMap<string, Contract>
  readonly versions: ReadonlyMap<string, readonly PublishedVersion[]>
}

/**
 * The periods of a promise in the list of a year: the edition it names; else the edition of its dataset that ends in
 * that year, and any other published one that does.
 */
export function periodsOf(
  { values }: Promised,
  year: string,
  firstDue: string | null,
  known: KnownDatasets,
  today: string,
): readonly [ItemPeriod, ...ItemPeriod[]] {
  const contract = values.dataset === null ? undefined : known.contracts.get(values.dataset)
  if (contract === undefined) return [periodOf(null, [], firstDue, today)]
  const versions = known.versions.get(contract.dataset) ?? []
  const [first, ...rest] = values.edition === null ? editionsOf(contract, versions, year) : [values.edition]
  const of = (edition: string) =>
    periodOf(
      edition,
      versions.filter((version) => version.edition === edition),
      firstDue,
      today,
    )
  return [of(first), ...rest.map(of)]
}

function editionsOf(
  contract: Contract,
  versions: readonly PublishedVersion[],
  year: string,
): readonly [string, ...string[]] {
  const expected = contract.period === 'year' ? year : `${Number(year) - 1}-${year}`
  const published = versions
    .filter(({ periodEnd }) => periodEnd.slice(0, 4) === year)
    .map(({ edition }) => edition)
  const others = [...new Set(published)].filter((edition) => edition !== expected)
  return [expected, ...others.sort()]
}

function periodOf(
  edition: string | null,
  versions: readonly PublishedVersion[],
  firstDue: string | null,
  today: string,
): ItemPeriod {
  const evidence = versions.map(({ publishedAt, state }) => ({
    publishedAt,
    withdrawn: state === 'withdrawn',
  }))
  const standing = versions.filter(({ state }) => state !== 'withdrawn')
  const [newest] = versions
  const takenBack = standing.length === 0 ? newest : undefined
  const { withdrawnAt, withdrawnReason } = takenBack ?? {}
  return {
    edition,
    ...stateOf(firstDue, evidence, today),
    lastPublished: standing[0] === undefined ? null : dayInShanghai(standing[0].publishedAt),
    versions: standing.length,
    withdrawn: withdrawnAt == null ? null : { at: withdrawnAt, reason: withdrawnReason ?? '' },
  }
}
