/**
 * The first journey: bundles of shipped datasets become editions, and everything that readers get (records, files, list
 * states, changes) agrees. Values withheld by disclosure control appear nowhere. Student fitness comes as under its first
 * contract, by ready-made statistics, which stay readable.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { partsOf } from '../../src/contract/index.ts'
import { digestOf } from '../../src/platform/digest.ts'
import { openTestContext, sampleRows, type TestContext } from '../support/open-test-context.ts'

type Row = Readonly<Record<string, string>>
interface Page {
  readonly data: readonly Readonly<Record<string, unknown>>[]
  readonly links: { readonly next: string | null }
}
interface Version {
  readonly records: number
  readonly sha256: string
  readonly suppressions: object
  readonly parts: readonly { readonly provider: string; readonly rows: number }[]
  readonly distributions: readonly {
    name: string
    format: string
    bytes: number
    sha256: string
    href: string
  }[]
}
interface List {
  readonly rates: { readonly states: object; readonly completion: number; readonly onTime: number }
  readonly items: readonly {
    readonly number: string
    readonly state: string
    readonly firstPublished: string
  }[]
}

const testContext = await openTestContext(t, { at: '2026-01-15T04:00:00Z' })
const { get } = testContext

/** Parts of an edition that are brought: each takes a third of a second. */
const partsMax = 6

const fitness = 'student-fitness'

/** Statistics of six districts as their offices computed them, 40 rows each. */
function readyStatistics(): readonly {
  readonly provider: string
  readonly rows: string
  readonly contractVersion: number
}[] {
  const text = readFileSync('test/support/fitness/statistics-contract-1.csv', 'utf8')
  const [header = '', ...lines] = text.trimEnd().split('\n')
  const districts = [...new Set(lines.map((line) => line.split(',')[1] ?? ''))]
  return districts.map((district) => {
    const own = lines.filter((line) => line.split(',')[1] === district)
    return { provider: `edu-${district}`, rows: `${[header, ...own].join('\n')}\n`, contractVersion: 1 }
  })
}

/** Brings the first parts of an edition's sample, each cut to its first rows, and publishes it. */
async function publishSamples(of: TestContext, dataset: string, edition: string, rowsMax: number) {
  const all = dataset === fitness ? readyStatistics() : await sampleRows(dataset, edition, rowsMax)
  const samples = all.slice(0, partsMax)
  for (const { provider, rows, contractVersion } of samples)
    await of.take({ dataset, edition, provider, rows, contractVersion })
  const waivers = partsOf(of.context.contracts.get(dataset, 1).contract)
    .filter((part) => !samples.some(({ provider }) => provider === part.provider))
    .map(({ provider }) => ({ provider, reason: 'Left out.' }))
  const publication = await of.publish(dataset, edition, { waivers })
  t.same(publication.findings, [])
  t.equal(publication.state, 'done')
  return samples.flatMap(({ rows }) => parse(rows, { columns: true }) as Row[])
}

async function allRecords(url: string): Promise<Page['data']> {
  const records: Page['data'][number][] = []
  for (let next: string | null = `${url}?limit=1000`; next !== null; ) {
    const page: Page = (await get(next)).json()
    records.push(...page.data)
    next = page.links.next
  }
  return records
}

/**
 * A JSON value as the CSV writes it. Sample numbers keep their digits only in the text, so they are compared
 * by value.
 */
const asText = (value: unknown) =>
  value === null ? '' : Array.isArray(value) ? value.join(';') : String(value)
const sameValue = (json: unknown, csv: string | undefined) =>
  typeof json === 'number' ? json === Number(csv) : asText(json) === csv

const started: readonly (readonly [dataset: string, edition: string, at: string, rowsMax: number])[] = [
  ['annual-open-data-list', '2026', '2026-01-15T04:00:00Z', 12],
  ['school-calendar', '2026', '2026-02-01T04:00:00Z', 50],
  ['fitness-monitoring-centres', '2026', '2026-03-01T04:00:00Z', 50],
  ['school-sports-venues', '2026', '2026-03-02T04:00:00Z', 30],
  [fitness, '2024-2025', '2026-12-31T15:59:59Z', 40],
]

for (const [dataset, edition, at, rowsMax] of started) {
  t.test(`${dataset}: records, CSV, gzip and digest agree`, async (t) => {
    testContext.moveTo(at)
    const sample = await publishSamples(testContext, dataset, edition, rowsMax)
    const base = `/v1/datasets/${dataset}/editions/${edition}/versions/1`
    const version: Version = (await get(base)).json()
    t.equal(version.records, sample.length)
    t.equal(
      version.parts.reduce((sum, { rows }) => sum + rows, 0),
      sample.length,
    )
    const plain = version.distributions.find(({ format }) => format === 'csv')
    const packed = version.distributions.find(({ format }) => format === 'csv.gz')
    const [csv, gzip] = [await get(plain?.href ?? ''), await get(packed?.href ?? '')]
    t.equal(digestOf(csv.bytes), version.sha256)
    t.equal(plain?.sha256, version.sha256)
    t.equal(csv.headers['etag'], `"${version.sha256}"`)
    t.equal(csv.bytes.length, plain?.bytes)
    t.equal(
      csv.headers['repr-digest'],
      `sha-256=:${createHash('sha256').update(csv.bytes).digest('base64')}:`,
    )
    t.equal(digestOf(gzip.bytes), packed?.sha256)
    t.ok(gunzipSync(gzip.bytes).equals(csv.bytes), 'the gzip contains the plain file')
    t.not(csv.bytes[0], 0xef, 'no byte order mark')
    t.notMatch(csv.text, /\r/)
    const rows = parse(csv.text, { columns: true }) as Row[]
    const records = await allRecords(`${base}/records`)
    t.equal(rows.length, sample.length)
    t.equal(records.length, sample.length)
    const different = records.filter((record, index) => {
      const row = rows[index] ?? {}
      const names = Object.keys(row)
      return (
        names.join() !== Object.keys(record).join() ||
        !names.every((name) => sameValue(record[name], row[name]))
      )
    })
    t.same(different, [], 'the records equal the rows, in order')
    const latest: Page = (await get(`/v1/datasets/${dataset}/records?limit=1`)).json()
    t.same(latest.data, records.slice(0, 1))
  })
}

t.test('a withheld cell has no measure anywhere', async (t) => {
  const dataset = fitness
  const key = ['district', 'grade', 'sex', 'indicator', 'level']
  const withheld = ['tested', 'pupils', 'share', 'mean', 'p10', 'p50', 'p90'].concat([
    'excellent_good',
    'excellent_good_rate',
    'passed',
    'pass_rate',
  ])
  const sample = readyStatistics().flatMap(({ rows }) => parse(rows, { columns: true }) as Row[])
  const small = sample.filter((row) => Number(row['pupils']) < 10)
  t.ok(small.length > 30, `${small.length} small cells were brought`)
  const base = `/v1/datasets/${dataset}/editions/2024-2025/versions/1`
  const version: Version = (await get(base)).json()
  const values = small.flatMap((row) => withheld.filter((name) => row[name] !== '')).length
  t.same(version.suppressions, {
    rule: 'minimum-count',
    records: sample.length,
    recordsWithheld: small.length,
    valuesWithheld: values,
    byReason: { primary: small.length },
  })
  const csv = await get(version.distributions.find(({ format }) => format === 'csv')?.href ?? '')
  const published = new Map(
    (parse(csv.text, { columns: true }) as Row[]).map((row) => [key.map((name) => row[name]).join(), row]),
  )
  const records = new Map(
    (await allRecords(`${base}/records`)).map((record) => [key.map((name) => record[name]).join(), record]),
  )
  const open = small.filter((row) => {
    const of = key.map((name) => row[name]).join()
    const [text, json] = [published.get(of) ?? {}, records.get(of) ?? {}]
    return !withheld.every((name) => text[name] === '' && json[name] === null) || text['conf_status'] !== 'C'
  })
  t.same(open, [], 'neither the file nor the records hold a measure of a small cell')
  const free = [...published.values()].filter((row) => row['conf_status'] === 'F')
  t.equal(free.length, sample.length - small.length)
  // A filter can't find out what was withheld either: an empty value matches nothing.
  for (const count of ['0', '1', '5', '9']) {
    t.same((await get(`${base}/records?pupils=${count}`)).json<Page>().data, [])
  }
  const [remaining] = await testContext.context.database.work`
    SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'staging' AND tablename LIKE 'c\\_%'`
  t.same(remaining, { tables: 0 }, 'no table of disclosure control remains')
})

t.test('list states turn from planned and overdue to published and late by the clock alone', async (t) => {
  const states = async (at: string) => {
    testContext.moveTo(at)
    const list: List = (await get('/v1/lists/2026')).json()
    return { of: Object.fromEntries(list.items.map(({ number, state }) => [number, state])), list }
  }
  const { of, list } = await states('2026-12-31T16:00:00Z')
  t.same(of, {
    ...{ 1: 'published', 2: 'late', 3: 'published', 4: 'published', 5: 'published' },
    ...{
      6: 'overdue',
      7: 'overdue',
      8: 'overdue',
      11: 'overdue',
      9: 'planned',
      10: 'planned',
      12: 'planned',
    },
  })
  t.same(list.rates.states, { published: 4, late: 1, planned: 3, overdue: 4, withdrawn: 0 })
  t.equal(list.rates.completion, 0.4167)
  // Due by 1 January 2027: items 1, 2, 3, 5, 6, 7, 8 and 11, of which 1, 3 and 5 came in time.
  t.equal(list.rates.onTime, 0.375)
  const first = Object.fromEntries(list.items.map(({ number, firstPublished }) => [number, firstPublished]))
  t.equal(first['5'], '2026-12-31', 'published in the last second of the due day in Shanghai')
  t.equal(first['2'], '2026-02-01')
  const last = { 9: '2027-02-28', 10: '2027-03-31', 12: '2027-06-30' }
  for (const [number, due] of Object.entries(last)) {
    t.equal(
      (await states(`${due}T15:59:59Z`)).of[number],
      'planned',
      'until the end of the due day in Shanghai',
    )
    t.equal((await states(`${due}T16:00:00Z`)).of[number], 'overdue')
  }
  const csv = parse((await get('/v1/lists/2026.csv')).text, { columns: true }) as Row[]
  t.equal(csv.length, 12)
  t.same(
    csv.slice(0, 3).map((row) => [row['number'], row['state'], row['first_published']]),
    [
      ['1', 'published', '2026-01-15'],
      ['2', 'late', '2026-02-01'],
      ['3', 'published', '2026-03-02'],
    ],
  )
})

t.test('the changes are in the order in which they happened, without a gap', async (t) => {
  const changes = await testContext.context.database.work<
    { position: number; kind: string; dataset: string; edition: string; version: number; at: Date }[]
  >`SELECT position::int, kind, dataset, edition, version, at FROM qingdan.change ORDER BY position`
  t.same(
    changes.map(({ position }) => position),
    changes.map((_change, index) => index + 1),
  )
  const contracts = testContext.context.contracts
    .list()
    .map(({ contract }) => contract.dataset)
    .sort()
    .flatMap((dataset) => testContext.context.contracts.versions(dataset).map(() => dataset))
  t.same(
    changes.filter(({ kind }) => kind === 'contract-added').map(({ dataset }) => dataset),
    contracts,
  )
  t.same(
    changes
      .filter(({ kind }) => kind === 'version-published')
      .map(({ dataset, edition, version, at }) => [dataset, edition, version, at.toISOString()]),
    started.map(([dataset, edition, at]) => [dataset, edition, 1, at.replace('Z', '.000Z')]),
  )
  t.equal(changes.length, contracts.length + started.length)
})
