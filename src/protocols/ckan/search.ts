/**
 * `package_search`: words by the catalogue's own search, fields by the share of Solr's language in solr.ts, then facets,
 * order and page. What neither speaks is refused by name.
 */

import { searchDatasets } from '../../catalogue/index.ts'
import { labelOf } from '../../contract/index.ts'
import type { Caller } from '../../platform/caller.ts'
import { type PackageContext, packageBody } from './bodies.ts'
import { nameOf, type Package } from './catalogue.ts'
import { invalid, searchRefused } from './refusal.ts'
import { parseSolr, solrFields } from './solr.ts'

/** Packages on a page, and what more is cut to, as CKAN does. */
export const rowsDefault = 10
export const rowsMax = 1_000
/** Values of a facet where none are named. */
const facetLimitDefault = 50

export interface PackageSearchRequest {
  readonly q: string | undefined
  readonly fq: readonly string[]
  readonly rows: number | undefined
  readonly start: number | undefined
  readonly sort: string | undefined
  readonly facetFields: readonly string[]
  readonly facetLimit: number | undefined
  readonly facetMinimum: number | undefined
}

/** Searches the packages of a reader. Throws `searchRefused` and `invalid`. */
export async function searchPackages(
  desk: PackageContext,
  reader: Caller,
  packages: readonly Package[],
  asked: PackageSearchRequest,
) {
  const { q = '', rows = rowsDefault, start = 0 } = asked
  const query = parseSolr(q, { free: true })
  const filters = asked.fq.map((one) => parseSolr(one, { free: false }))
  const words = query.words.join(' ')
  const ranked = words === '' ? packages : await rank(desk, reader, packages, words)
  const found = ranked.filter((of) => query.test(of) && filters.every(({ test }) => test(of)))
  const ordered = order(desk, found, asked.sort, words !== '')
  const page = ordered.slice(start, start + Math.min(rows, rowsMax))
  const facets = asked.facetFields.map((name) => [name, countFacet(desk, found, name, asked)] as const)
  return {
    count: found.length,
    sort: asked.sort ?? sortDefault,
    facets: Object.fromEntries(
      facets.map(([name, items]) => [name, Object.fromEntries(items.map((item) => [item.name, item.count]))]),
    ),
    results: await Promise.all(page.map((of) => packageBody(desk, of))),
    search_facets: Object.fromEntries(facets.map(([name, items]) => [name, { title: name, items }])),
  }
}

/** The packages that have the words, the best first. */
async function rank(
  { context, language }: PackageContext,
  reader: Caller,
  packages: readonly Package[],
  words: string,
): Promise<readonly Package[]> {
  const byName = new Map(packages.map((of) => [nameOf(of), of]))
  const found: Package[] = []
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const parameters = { q: words, limit: rowsMax, ...(cursor === undefined ? {} : { cursor }) }
    const { page, next } = await searchDatasets(context, reader, parameters, language)
    found.push(...page.flatMap(({ loaded }) => byName.get(loaded.contract.dataset) ?? []))
    cursor = next
  }
  return found
}

export const sortDefault = 'score desc, metadata_modified desc'

type Order = (a: Package, b: Package) => number

const byText =
  (text: (of: Package) => string): Order =>
  (a, b) =>
    text(a) === text(b) ? 0 : text(a) < text(b) ? -1 : 1

const orders = (desk: PackageContext): Readonly<Record<string, Order>> => {
  const title = byText(({ loaded }) => loaded.contract.title[desk.language])
  return {
    id: byText(({ id }) => id),
    name: byText(nameOf),
    title,
    title_string: title,
    metadata_created: byText(({ created }) => created),
    metadata_modified: byText(({ modified }) => modified),
  }
}

/** Puts packages into the order asked for; equals by name, so that pages neither repeat nor lose one. */
function order(
  desk: PackageContext,
  found: readonly Package[],
  sort: string | undefined,
  isRanked: boolean,
): readonly Package[] {
  const known = orders(desk)
  const rankOf = new Map(found.map((of, index) => [of, isRanked ? index : 0]))
  // By score the best is the first, as they come.
  const score: Order = (a, b) => (rankOf.get(b) ?? 0) - (rankOf.get(a) ?? 0)
  const keys = (sort ?? sortDefault).split(',').map((piece): Order => {
    const [, name = '', direction = 'asc'] = /^\s*(\w+)(?:\s+(asc|desc))?\s*$/i.exec(piece) ?? []
    const by = name === 'score' || name === 'relevance' ? score : known[name]
    if (by === undefined) {
      const names = ['score', ...Object.keys(known)].join(', ')
      throw searchRefused(
        `Can't sort by \`${piece.trim().slice(0, 100)}\`; written is \`name asc\` or \`name desc\`, by ${names}.`,
      )
    }
    return direction.toLowerCase() === 'desc' ? (a, b) => by(b, a) : by
  })
  const last = byText(nameOf)
  return [...found].sort((a, b) => {
    for (const key of keys) {
      const sign = key(a, b)
      if (sign !== 0) return sign
    }
    return last(a, b)
  })
}

/** The fields that can be counted. */
export const facetFields = ['organization', 'groups', 'tags', 'res_format', 'license_id'] as const

interface FacetItem {
  readonly name: string
  readonly display_name: string
  readonly count: number
}

/** Counts the values of a field, the most frequent first. Throws `invalid`. */
function countFacet(
  { context, language }: PackageContext,
  found: readonly Package[],
  name: string,
  { facetLimit, facetMinimum = 1 }: PackageSearchRequest,
): readonly FacetItem[] {
  const values = facetFields.some((known) => known === name) ? solrFields[name]?.values : undefined
  if (values === undefined) {
    throw invalid('facet.field', `Not \`${name.slice(0, 100)}\`; known are ${facetFields.join(', ')}`)
  }
  const list = name === 'organization' ? 'providers' : name === 'groups' ? 'themes' : undefined
  const title = (value: string) =>
    (list === undefined ? undefined : labelOf(context.contracts, list, value)?.[language]) ?? value
  const counts = new Map<string, number>()
  for (const value of found.flatMap(values)) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts]
    .filter(([, count]) => count >= facetMinimum)
    .sort(([a, many], [b, few]) => few - many || (a < b ? -1 : 1))
    .slice(0, facetLimit ?? facetLimitDefault)
    .map(([value, count]) => ({ name: value, display_name: title(value), count }))
}
