/**
 * Does what a CKAN harvester does, using public responses only: the site, the list, a search by windows of
 * modification time in pages, each package, each table by offset until an empty page, its dump, and each
 * file. It knows nothing else about this service.
 */
import { createHash } from 'node:crypto'

export type Fetch = (
  url: string,
) => Promise<{ readonly status: number; readonly text: string; readonly bytes: Buffer }>

export interface HarvestedResource {
  readonly id: string
  readonly version_id: string
  readonly name: string
  readonly format: string
  readonly url: string
  readonly hash: string
  readonly size: number
  readonly datastore_active: boolean
  readonly edition: string
  readonly edition_version: number
}

export interface HarvestedPackage {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly metadata_modified: string
  readonly num_resources: number
  readonly resources: readonly HarvestedResource[]
}

export interface HarvestedTable {
  readonly resource: HarvestedResource
  readonly total: number
  readonly fields: readonly { readonly id: string; readonly type: string }[]
  readonly records: readonly Readonly<Record<string, unknown>>[]
  readonly dump: string
}

export interface Harvest {
  readonly names: readonly string[]
  readonly packages: readonly HarvestedPackage[]
  readonly tables: readonly HarvestedTable[]
  readonly files: number
}

/** Calls an action by GET. Throws if it does not succeed. */
export async function call<T>(
  fetch: Fetch,
  name: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<T> {
  const query = new URLSearchParams(parameters).toString()
  const { status, text } = await fetch(`/api/3/action/${name}${query === '' ? '' : `?${query}`}`)
  const { success, result } = JSON.parse(text) as { success: boolean; result: T }
  if (status !== 200 || success !== true) throw new Error(`${name} ${query}: ${status} ${text}`)
  return result
}

/** Harvests everything that changed within windows, each `[from, to)` of two instants. */
export async function harvest(
  fetch: Fetch,
  { windows, rows }: { readonly windows: readonly (readonly [string, string])[]; readonly rows: number },
): Promise<Harvest> {
  await call(fetch, 'status_show')
  if ((await call<boolean>(fetch, 'site_read')) !== true) throw new Error('the site does not allow reading')
  const names = await call<string[]>(fetch, 'package_list')
  const found = new Map<string, HarvestedPackage>()
  for (const [from, to] of windows) {
    for (const one of await searchWindow(fetch, from, to)) found.set(one.id, one)
  }
  const packages: HarvestedPackage[] = []
  for (const { id } of found.values()) packages.push(await call(fetch, 'package_show', { id }))
  const resources = packages.flatMap((one) => one.resources)
  for (const { url, hash, size } of resources) {
    const { status, bytes } = await fetch(url)
    const digest = createHash('sha256').update(bytes).digest('hex')
    if (status !== 200 || digest !== hash || bytes.length !== size)
      throw new Error(`${url}: ${status} ${digest}`)
  }
  const tables: HarvestedTable[] = []
  for (const resource of resources.filter((one) => one.datastore_active)) {
    tables.push(await readTable(fetch, resource, rows))
  }
  return { names, packages, tables, files: resources.length }
}

/** As ckanext-harvest pages: by id, until a page is empty. */
async function searchWindow(fetch: Fetch, from: string, to: string): Promise<readonly HarvestedPackage[]> {
  const found: HarvestedPackage[] = []
  for (let start = 0; ; start += 2) {
    const fq = `metadata_modified:[${from} TO ${to}}`
    const page = await call<{ count: number; results: HarvestedPackage[] }>(fetch, 'package_search', {
      ...{ fq, sort: 'id asc', rows: '2', start: String(start) },
    })
    if (page.results.length === 0) {
      if (found.length !== page.count) throw new Error(`${fq}: ${found.length} of ${page.count}`)
      return found
    }
    found.push(...page.results)
  }
}

async function readTable(fetch: Fetch, resource: HarvestedResource, rows: number): Promise<HarvestedTable> {
  interface Page {
    readonly total: number
    readonly fields: HarvestedTable['fields']
    readonly records: HarvestedTable['records']
  }
  const records: HarvestedTable['records'][number][] = []
  const parameters = { resource_id: resource.id, limit: String(rows) }
  for (;;) {
    const offset = String(records.length)
    const page = await call<Page>(fetch, 'datastore_search', { ...parameters, offset })
    records.push(...page.records)
    if (page.records.length > 0) continue
    const { total, fields } = page
    const { text: dump } = await fetch(`/datastore/dump/${resource.id}`)
    return { resource, total, fields, records, dump }
  }
}
