/**
 * The periods of an item and the evidence for each. A period is an edition, that is a year or a school year;
 * a dataset that is updated more often publishes new versions of its edition, which are counted here.
 */

import type { PublishedVersion } from '../../catalogue/index.ts'
import type { Contract } from '../../contract/index.ts'
import { dayInShanghai } from '../../platform/time.ts'
import type { Promised } from '../promise.ts'
import { type PromiseOutcome, stateOf } from '../state.ts'

export interface ItemPeriod extends PromiseOutcome {
  /** Edition of the dataset; null if the item names no dataset, or one that the reader may not see. */
  readonly edition: string | null
  /** Day in Asia/Shanghai on which its latest version was published; null while there is none. */
  readonly lastPublished: string | null
  /** Number of versions that are not withdrawn. */
  readonly versions: number
  /** When and why the period was withdrawn entirely; null if it was not. */
  readonly withdrawn: { readonly at: Date; readonly reason: string } | null
}

/** The datasets that the reader may see: newest contracts, and versions, newest first. */
export interface KnownDatasets {
  readonly contracts: ReadonlyMap<string, Contract>
  readonly versions: ReadonlyMap<string, readonly PublishedVersion[]>
}

/**
 * The periods of a promise in the list of a year: the edition that it names; else the editions of its dataset
 * that end in that year, the expected one first.
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
  const current = versions.filter(({ state }) => state !== 'withdrawn')
  const [newest] = versions
  const withdrawn = current.length === 0 ? newest : undefined
  const { withdrawnAt, withdrawnReason } = withdrawn ?? {}
  return {
    edition,
    ...stateOf(firstDue, evidence, today),
    lastPublished: current[0] === undefined ? null : dayInShanghai(current[0].publishedAt),
    versions: current.length,
    withdrawn: withdrawnAt == null ? null : { at: withdrawnAt, reason: withdrawnReason ?? '' },
  }
}
