/**
 * A CKAN harvester collects every dataset, file and record, with the right totals, order and types; then
 * changes while it works: a correction in the middle of a walk, and a withdrawal.
 */
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { withdraw } from '../../src/publication/index.ts'
import { call, type Fetch, type HarvestedPackage, harvest } from '../support/ckan-harvester.ts'
import { openTestContext, publishSample, sampleRows } from '../support/open-test-context.ts'

const testContext = await openTestContext(t, { at: '2026-01-01T04:00:00Z' })
const { context, moveTo } = testContext
/** Links are absolute, as a harvester elsewhere needs them; here they lead to the same service. */
const get = (url: string) => testContext.get(url.replace(/^http:\/\/127\.0\.0\.1:8080/, ''))
const fetch: Fetch = get

/** Each is published on a day of its own, so that windows separate them. */
const editions: readonly (readonly [at: string, dataset: string, edition: string])[] = [
  ['2026-02-01T00:00:00Z', 'annual-open-data-list', '2025'],
  ['2026-02-02T00:00:00Z', 'fitness-monitoring-centres', '2025'],
  ['2026-02-03T00:00:00Z', 'school-calendar', '2025'],
  ['2026-02-04T00:00:00Z', 'school-calendar', '2026'],
  ['2026-02-05T00:00:00Z', 'school-sports-venues', '2025'],
  ['2026-02-06T00:00:00Z', 'schools', '2024-2025'],
  ['2026-02-07T00:00:00Z', 'student-fitness', '2024-2025'],
]
for (const [at, dataset, edition] of editions) {
  moveTo(at)
  await publishSample(testContext, dataset, edition, 3)
}

const windows = [
  ['2025-12-01T00:00:00Z', '2026-02-02T00:00:00Z'],
  ['2026-02-02T00:00:00Z', '2026-02-05T00:00:00.000000Z'],
  ['2026-02-05T00:00:00Z', '*'],
] as const

/** All records of a version, read page by page from the service. */
async function recordsOf(dataset: string, edition: string, number: number) {
  const records: unknown[] = []
  let next: string | null =
    `/v1/datasets/${dataset}/editions/${edition}/versions/${number}/records.json?limit=10000`
  while (next !== null) {
    const page: { data: unknown[]; links: { next: string | null } } = (await get(next)).json()
    records.push(...page.data)
    next = page.links.next
  }
  return records
}

t.test('a harvest collects everything, equal to the native API', async (t) => {
  const { data } = (await get('/v1/datasets')).json<{ data: { slug: string }[] }>()
  const found = await harvest(fetch, { windows, rows: 997 })
  t.same(found.names, data.map(({ slug }) => slug).sort())
  t.same(found.packages.map(({ name }) => name).sort(), found.names, 'the windows contain every dataset')
  t.equal(found.tables.length, editions.length, 'every edition is a table')
  let files = 0
  for (const [, dataset, edition] of editions) {
    const version = (await get(`/v1/datasets/${dataset}/editions/${edition}/versions/1`)).json<{
      distributions: unknown[]
    }>()
    files += version.distributions.length
  }
  t.equal(found.files, files, `${files} files were downloaded, and their digests match`)
  let records = 0
  for (const table of found.tables) {
    const { edition, edition_version: number, name } = table.resource
    const dataset = name.replace(`-${edition}-v${number}.csv`, '')
    const own = await recordsOf(dataset, edition, number)
    t.equal(table.total, own.length, `${name}: total`)
    t.same(
      table.records.map(({ _id }) => _id),
      own.map((_, index) => index + 1),
      `${name}: numbered in order`,
    )
    const bare = table.records.map(({ _id, ...record }) => record)
    t.equal(JSON.stringify(bare), JSON.stringify(own), `${name}: records, order and types`)
    const file = (await get(`/v1/datasets/${dataset}/editions/${edition}/versions/${number}/files/${name}`))
      .text
    const rows = parse(table.dump) as string[][]
    t.same(
      rows.map(([id]) => id),
      ['_id', ...own.map((_, index) => String(index + 1))],
    )
    t.same(
      rows.map(([, ...row]) => row),
      parse(file),
      `${name}: the dump is the file, numbered`,
    )
    const used = { 'student-fitness': 4, 'school-sports-venues': 3 }[dataset] ?? 1
    const contract = context.contracts.get(dataset, used).contract
    const typeOf = (type: string) =>
      ({
        string: 'text',
        integer: 'int8',
        number: 'numeric',
        boolean: 'bool',
        list: '_text',
        datetime: 'timestamptz',
      })[type] ?? type
    t.same(
      table.fields.map(({ id, type }) => `${id} ${type}`),
      ['_id int', ...contract.fields.map((field) => `${field.name} ${typeOf(field.type)}`)],
    )
    records += own.length
  }
  t.ok(records > 2_000, `${records} records were collected`)
})

const show = (id: string) => call<HarvestedPackage>(fetch, 'package_show', { id })

t.test('ids derive from names and are the same on every service', async (t) => {
  const { id, resources } = await show('school-calendar')
  // Computed by another tool: python3 -c "uuid.uuid5(uuid.UUID('6f1d0c2e8b3a5e47a9d47d0a5be0c1f3'),
  // 'dataset/school-calendar')".
  t.equal(id, 'e780194c-de18-5623-b7a3-100b6289847a')
  t.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  const ids = resources.flatMap((resource) => [resource.id, resource.version_id])
  t.equal(new Set(ids).size, ids.length)
  t.same(await show(id), await show('school-calendar'))
})

interface Page {
  readonly records: readonly { readonly _id: number }[]
  readonly edition_version: number
  readonly total: number
  readonly _links: { readonly start: string; readonly next: string }
}

t.test('a walk by links stays on its version; by offset the version changes visibly', async (t) => {
  const dataset = 'fitness-monitoring-centres'
  const before = await show(dataset)
  const table = before.resources.find(({ datastore_active: active }) => active)
  const id = table?.id ?? ''
  const first = await call<Page>(fetch, 'datastore_search', { resource_id: id, limit: '2' })
  const paging = [...first.records]
  moveTo('2026-03-01T00:00:00Z')
  const [sample] = await sampleRows(dataset, '2025', 3)
  await testContext.take({ dataset, edition: '2025', rows: sample?.rows ?? '' })
  await testContext.publish(dataset, '2025', { reason: 'Only three were right.' })
  for (let next = first._links.next; ; ) {
    const { result } = (await get(next)).json<{ result: Page }>()
    t.equal(result.edition_version, 1)
    if (result.records.length === 0) break
    paging.push(...result.records)
    next = result._links.next
  }
  t.same(
    paging.map(({ _id }) => _id),
    Array.from({ length: first.total }, (_, index) => index + 1),
  )
  const second = await call<Page>(fetch, 'datastore_search', { resource_id: id, limit: '2', offset: '2' })
  t.match(second, { edition_version: 2, total: 3, records: [{ _id: 3 }] })

  const since = 'metadata_modified:[2026-02-28T23:00:00.123456Z TO *]'
  const changed = await call<{ results: HarvestedPackage[] }>(fetch, 'package_search', { fq: since })
  t.same(
    changed.results.map(({ name }) => name),
    [dataset],
  )
  const after = await show(dataset)
  t.equal(
    after.resources.find(({ datastore_active: active }) => active)?.id,
    id,
    'the id of the edition stays',
  )
  t.not(after.resources[0]?.version_id, before.resources[0]?.version_id)

  moveTo('2026-03-02T00:00:00Z')
  await withdraw(context, { dataset, edition: '2025', version: 2, reason: 'Not three.', actor: 'cli:test' })
  const pinned = after.resources.find(({ datastore_active: active }) => active)?.version_id ?? ''
  const missing = await get(`/api/3/action/datastore_search?resource_id=${pinned}`)
  t.equal(missing.status, 404)
  t.match(missing.json(), { success: false, error: { __type: 'Not Found Error', message: /Not three\./ } })
  const again = await call<Page>(fetch, 'datastore_search', { resource_id: id })
  t.match(again, { edition_version: 1, total: first.total })
})
