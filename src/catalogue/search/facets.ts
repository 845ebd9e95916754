/**
 * Facets of datasets: counts by theme, provider, class and so on, and filters of the same names. Pure; it
 * counts only the contracts it receives, so those must be the ones the reader may see.
 */

import { type Contract, type Contracts, kindTitles, labelOf } from '../../contract/index.ts'
import type { Bilingual } from '../../platform/language.ts'

interface Facet {
  /** The codes of a dataset that are counted. */
  readonly codes: (contract: Contract) => readonly string[]
  readonly label: (code: string, contracts: Contracts) => Bilingual | undefined
  /** Codes that are valid filters even if no dataset has them. */
  readonly listed: (contracts: Contracts) => Iterable<string>
}

const ofList = (list: string, codes: Facet['codes']): Facet => ({
  codes,
  listed: (contracts) => contracts.codes(list).byCode.keys(),
  label: (code, contracts) => labelOf(contracts, list, code),
})

/** The facets by parameter name, in the order of the response. */
const facets = {
  theme: ofList('themes', ({ themes }) => themes),
  provider: ofList('providers', ({ providers }) => providers),
  openClass: ofList('open-classes', ({ openClass }) => [openClass]),
  shareClass: ofList('share-classes', ({ shareClass }) => [shareClass]),
  kind: {
    codes: ({ kind }) => (kind === undefined ? [] : [kind.name]),
    listed: () => kindTitles.keys(),
    label: (code) => kindTitles.get(code),
  },
  rhythm: ofList('update-frequencies', ({ updateFrequency }) => [updateFrequency]),
  format: {
    codes: ({ formats }) => formats,
    listed: () => [],
    label: (code) => ({ zh: code.toUpperCase(), en: code.toUpperCase() }),
  },
} as const satisfies Readonly<Record<string, Facet>>

export type FacetName = keyof typeof facets

export const facetNames = Object.keys(facets) as readonly FacetName[]

/** Builds a value for each facet. */
export function byFacet<T>(build: (name: FacetName) => T): Readonly<Record<FacetName, T>> {
  return Object.fromEntries(facetNames.map((name) => [name, build(name)])) as Record<string, T> as Record<
    FacetName,
    T
  >
}

/** The codes of each facet to filter by. A dataset must have one of the codes in every facet given. */
export type FacetFilters = Readonly<Partial<Record<FacetName, readonly string[]>>>

export interface FacetValue {
  readonly code: string
  readonly label: Bilingual
  readonly count: number
  readonly chosen: boolean
}

/** Most values per facet, the most frequent first. */
const facetValuesMax = 100

export function fitsFacets(contract: Contract, filters: FacetFilters, except?: FacetName): boolean {
  return facetNames.every((name) => {
    const wanted = filters[name]
    if (wanted === undefined || name === except) return true
    const own = facets[name].codes(contract)
    return wanted.some((code) => own.includes(code))
  })
}

/**
 * Counts the values of each facet. A facet's own filter does not affect its counts, so that they show what
 * another choice would give. Chosen values are included even if no dataset has them.
 */
export function countFacets(
  found: readonly Contract[],
  filters: FacetFilters,
  contracts: Contracts,
): Readonly<Record<FacetName, readonly FacetValue[]>> {
  return byFacet((name) => {
    const facet: Facet = facets[name]
    const chosen = filters[name] ?? []
    const counts = new Map(chosen.map((code) => [code, 0]))
    for (const contract of found) {
      if (!fitsFacets(contract, filters, name)) continue
      for (const code of facet.codes(contract)) counts.set(code, (counts.get(code) ?? 0) + 1)
    }
    const values = [...counts].map(
      ([code, count]): FacetValue => ({
        code,
        label: facet.label(code, contracts) ?? { zh: code, en: code },
        count,
        chosen: chosen.includes(code),
      }),
    )
    const order = (a: FacetValue, b: FacetValue) => b.count - a.count || (a.code < b.code ? -1 : 1)
    return values.sort(order).slice(0, facetValuesMax)
  })
}

/** The codes that a facet accepts: those of its list, and those used by the given datasets. */
export function knownCodes(
  name: FacetName,
  readable: readonly Contract[],
  contracts: Contracts,
): ReadonlySet<string> {
  const facet: Facet = facets[name]
  return new Set([...facet.listed(contracts), ...readable.flatMap((contract) => facet.codes(contract))])
}
