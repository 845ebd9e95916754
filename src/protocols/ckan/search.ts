/**
 * `package_search`: words by the catalogue's search, fields by the subset of Solr's language in solr.ts, then
 * facets, order and page. Refuses what these do not support, with its name.
 */

import { searchDatasets } from '../../catalogue/index.ts'
import { labelOf } from '../../contract/index.ts'
import type { Caller } from '../../platform/caller.ts'
import { defined } from '../../platform/defined.ts'
import { lookUp } from '../../platform/lookup.ts'
import { type PackageContext, packageBody } from './bodies.ts'
import { nameOf, type Package } from './catalogue.ts'
import { invalid, searchRefused } from './refusal.ts'
import { parseSolr, solrFields } from './solr.ts'

/** Default and most packages on a page; a higher number is reduced, as CKAN does. */
const rowsDefault = 10
export const rowsMax = 1_000
/** Default number of values of a facet. */
const facetLimitDefault = 50

interface PackageSearchRequest {
  readonly q: string | undefined
  readonly fq: readonly string[]
  readonly rows: number | undefined
  readonly start: number | undefined
  readonly sort: string | undefined
  readonly facetFields: readonly string[]
  readonly facetLimit: number | undefined
  readonly facetMinimum: number | undefined
  /** The fields of the results; all if absent. */
  readonly fl: readonly string[] | undefined
}

/** Searches the packages of a reader. Throws `searchRefused` and `invalid`. */
export async function searchPackages(
  packageContext: PackageContext,
  reader: Caller,
  packages: readonly Package[],
  request: PackageSearchRequest,
) {
  const { q = '', rows = rowsDefault, start = 0 } = request
  const query = parseSolr(q, { free: true })
  const filters = request.fq.map((filter) => parseSolr(filter, { free: false }))
  const words = query.words.join(' ')
  const ranked = words === '' ? packages : await rank(packageContext, reader, packages, words)
  const found = ranked.filter((of) => query.test(of) && filters.every(({ test }) => test(of)))
  const ordered = order(packageContext, found, request.sort, words !== '')
  const page = ordered.slice(start, start + Math.min(rows, rowsMax))
  const facets = request.facetFields.map(
    (name) => [name, countFacet(packageContext, found, name, request)] as const,
  )
  return {
    count: found.length,
    sort: request.sort ?? sortDefault,
    facets: Object.fromEntries(
      facets.map(([name, items]) => [name, Object.fromEntries(items.map((item) => [item.name, item.count]))]),
    ),
    results: await Promise.all(page.map((of) => resultOf(packageContext, of, request.fl))),
    search_facets: Object.fromEntries(facets.map(([name, items]) => [name, { title: name, items }])),
  }
}

/** A result: the package, or only some fields of it, those of the index with their values in the index. */
async function resultOf(packageContext: PackageContext, of: Package, fl: readonly string[] | undefined) {
  const body: Readonly<Record<string, unknown>> = await packageBody(packageContext, of)
  if (fl === undefined || fl.includes('*')) return body
  const fields = fl.flatMap((name) => {
    const values = lookUp(solrFields, name)?.values(of)
    const isList = name === 'groups' || name === 'tags' || name === 'res_format'
    const found = values === undefined || texts.has(name) ? lookUp(body, name) : isList ? values : values[0]
    return found === undefined ? [] : [[name, found] as const]
  })
  return Object.fromEntries(fields)
}

/** Fields whose index has both languages, and the body one. */
const texts = new Set(['title', 'notes'])

/** The packages that contain the words, best match first. */
async function rank(
  { context, language }: PackageContext,
  reader: Caller,
  packages: readonly Package[],
  words: string,
): Promise<readonly Package[]> {
  const byName = new Map(packages.map((of) => [nameOf(of), of]))
  const found: Package[] = []
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const parameters = { q: words, limit: rowsMax, ...defined({ cursor }) }
    const { page, next } = await searchDatasets(context, reader, parameters, language)
    found.push(...page.flatMap(({ loaded }) => byName.get(loaded.contract.dataset) ?? []))
    cursor = next
  }
  return found
}

const sortDefault = 'score desc, metadata_modified desc'

type Order = (a: Package, b: Package) => number

const byText =
  (text: (of: Package) => string): Order =>
  (a, b) =>
    text(a) === text(b) ? 0 : text(a) < text(b) ? -1 : 1

const orders = (packageContext: PackageContext): Readonly<Record<string, Order>> => {
  const title = byText(({ loaded }) => loaded.contract.title[packageContext.language])
  return {
    id: byText(({ id }) => id),
    name: byText(nameOf),
    title,
    title_string: title,
    metadata_created: byText(({ created }) => created),
    metadata_modified: byText(({ modified }) => modified),
  }
}

/** Sorts packages; equal ones by name, so that pages neither repeat nor lose one. */
function order(
  packageContext: PackageContext,
  found: readonly Package[],
  sort: string | undefined,
  isRanked: boolean,
): readonly Package[] {
  const known = orders(packageContext)
  const rankOf = new Map(found.map((of, index) => [of, isRanked ? index : 0]))
  // A descending score keeps the order of the search.
  const score: Order = (a, b) => (rankOf.get(b) ?? 0) - (rankOf.get(a) ?? 0)
  const keys = (sort ?? sortDefault).split(',').map((piece): Order => {
    const [, name = '', direction = 'asc'] = /^\s*(\w+)(?:\s+(asc|desc))?\s*$/i.exec(piece) ?? []
    const by = name === 'score' || name === 'relevance' ? score : lookUp(known, name)
    if (by === undefined) {
      const names = ['score', ...Object.keys(known)].join(', ')
      throw searchRefused(
        `Cannot sort by \`${piece.trim().slice(0, 100)}\`; written is \`name asc\` or \`name desc\`, by ${names}.`,
      )
    }
    return direction.toLowerCase() === 'desc' ? (a, b) => by(b, a) : by
  })
  const last = byText(nameOf)
  return [...found].sort((a, b) => {
    for (const key of keys) {
      const comparison = key(a, b)
      if (comparison !== 0) return comparison
    }
    return last(a, b)
  })
}

/** The fields that facets can count. */
const facetFields = ['organization', 'groups', 'tags', 'res_format', 'license_id'] as const

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
    throw invalid(
      'facet.field',
      `Unknown field \`${name.slice(0, 100)}\`; known fields: ${facetFields.join(', ')}`,
    )
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
