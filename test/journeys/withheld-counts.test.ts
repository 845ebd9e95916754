/**
 * Withheld counts by every way out: files, records, CKAN, aggregates, differences, MCP, exports, pull and OpenAPI. Each has
 * the status and the range of a blank, and none has the count.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import t from 'tap'
import {
  clubMembersContract as contract,
  clubMembers as dataset,
  editionOf,
} from '../support/club-members.ts'
import { openTestContext, temporaryFolder } from '../support/open-test-context.ts'
import { pullFrom } from '../support/pull-source.ts'
import { rowsOfCsv } from '../support/read-back.ts'
import { exportTo, serving, take as takeMirrored, trustOrigin } from '../support/two-contexts.ts'
import { waysOut } from '../support/ways-out.ts'

const edition = '2025'
const testContext = await openTestContext(t, { contracts: [contract] })
const { context, app, take, publish, get } = testContext
const address = await app.listen({ host: '127.0.0.1', port: 0 })
const base = `/v1/datasets/${dataset}`
const ofEdition = `${base}/editions/${edition}`
const { fields } = contract
const [count, low, high, status] = ['pupils', 'pupils_low', 'pupils_high', 'status'].map((name) =>
  fields.findIndex((field) => field.name === name),
) as [number, number, number, number]

await take({ dataset, edition, rows: editionOf({ Ax: [4, 60, 41] }) })
t.equal((await publish(dataset, edition)).state, 'done')
const fileOf = (version: number) =>
  get(`${ofEdition}/versions/${version}/files/${dataset}-${edition}-v${version}.csv`)
const plain = (await fileOf(1)).bytes
const rows = rowsOfCsv(plain, fields)

t.test('no blank is without a status and a range', (t) => {
  const blanks = rows.filter((row) => row[count] === null)
  t.ok(blanks.length >= 4, `${blanks.length} of ${rows.length} counts are withheld`)
  t.same(
    blanks.filter((row) => row[status] === 'F' || row[low] === null || row[high] === null),
    [],
  )
  t.same(
    rows.filter((row) => row[count] !== null && (row[low] !== null || row[high] !== null)),
    [],
  )
  t.end()
})

t.test('all formats, the records and CKAN have the same rows', async (t) => {
  for (const [way, found] of Object.entries(await waysOut(testContext, { dataset, edition }, fields)))
    t.strictSame(found, rows, way)
  const csv = await get(`${base}/records.csv?edition=${edition}`)
  t.strictSame(rowsOfCsv(csv.bytes, fields), rows, 'CSV of a query')
  const labels = await get(`${base}/records.csv?edition=${edition}&header=labels&lang=zh`)
  t.equal(labels.text.trimEnd().split('\n').length, rows.length + 1)
  const shown = await get(`${base}/records?pupils__isnull=true&select=area,pupils,status,pupils_low`)
  t.ok(shown.json<{ data: { status: string }[] }>().data.every((row) => row.status !== 'F'))
})

t.test('an aggregate has no sum of a withheld count, and says why', async (t) => {
  const query = 'area=A&level=never&group_by=form&measures=sum:pupils'
  const { data, meta } = (await get(`${base}/aggregate?${query}`)).json<{
    data: { form: string; sum_pupils: number | null; suppressed: string[] }[]
    meta: { withheld: unknown }
  }>()
  t.match(
    data.find(({ form }) => form === 'x'),
    { sum_pupils: null, suppressed: ['sum_pupils'] },
  )
  t.match(meta.withheld, { zh: /不公布/, en: /withheld/ })
  const csv = await get(`${base}/aggregate.csv?${query}`)
  t.match(csv.text, /^x,,\d*,sum_pupils$/m)
})

t.test('the version, its contract and OpenAPI say what the fields mean', async (t) => {
  t.match((await get(`${ofEdition}/versions/1`)).json(), {
    proven: true,
    suppressions: { words: { zh: /./ } },
  })
  const document = (await get(`${base}/openapi.json`)).text
  for (const name of ['pupils_low', 'pupils_high', 'status']) t.match(document, new RegExp(`"${name}"`))
  const schema = (await get(`${base}/contracts/1/table-schema`)).text
  t.match(schema, /"pupils_low"/)
  for (const path of [`/datasets/${dataset}`, `/datasets/${dataset}/editions/${edition}/versions/1`]) {
    const page = (await get(`${path}?lang=en`, { accept: 'text/html' })).text
    t.match(page, /href="\/methods/, `${path} names the page of methods`)
    t.match(page, /A proof exists for each/)
  }
  t.match((await get('/methods?lang=zh', { accept: 'text/html' })).text, /Wilson/)
})

t.test('MCP', async (t) => {
  const client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', address)) as never)
  t.teardown(() => client.close())
  const { content } = (await client.callTool({
    name: 'query_records',
    arguments: { dataset, filters: { area: 'A', form: 'x', level: 'never' } },
  })) as { content: { text: string }[] }
  const own = rows.find((row) => row.slice(0, 3).join() === 'A,x,never')
  t.match(JSON.parse(content[0]?.text ?? ''), {
    data: [{ pupils: null, status: 'C', pupils_low: Number(own?.[low]), pupils_high: Number(own?.[high]) }],
  })
})

t.test(
  'an export and a pulled copy have the same bytes, and the mirror says that they are proven',
  async (t) => {
    const folder = await temporaryFolder(t)
    const mirror = await openTestContext(t, { contracts: [{ ...contract, dataset: 'other' }] })
    await trustOrigin(mirror.context, context, folder)
    const { out } = await exportTo(context, folder, { since: null, restricted: false })
    await takeMirrored(mirror.context, out)
    await mirror.context.reloadContracts()
    const mirrored = await serving(t, mirror.context)
    const file = `${ofEdition}/versions/1/files/${dataset}-${edition}-v1.csv`
    t.same((await mirrored.inject(file)).rawPayload, plain)
    t.match((await mirrored.inject(`${ofEdition}/versions/1`)).json(), { proven: true })
    const copy = join(folder, 'copy')
    await pullFrom(address, { into: copy })
    const pulled = (await readdir(copy, { recursive: true })).filter((name) => name.endsWith('.csv'))
    t.equal(pulled.length, 1)
    t.same(await readFile(join(copy, pulled[0] ?? '')), plain)
  },
)

t.test('a difference shows no count that is withheld on one side', async (t) => {
  await take({ dataset, edition, rows: editionOf({ Ax: [6, 110, 71] }) })
  t.equal((await publish(dataset, edition, { reason: 'A forgotten school' })).state, 'done')
  const { data } = (await get(`${ofEdition}/versions/2/diff?against=v1`)).json<{
    data: { change: string; fields: Record<string, { before: unknown; after: unknown }> }[]
  }>()
  t.ok(data.length > 0)
  const counts = data.map(({ fields: changed }) => changed['pupils']).filter((of) => of !== undefined)
  t.same(
    counts.filter(({ before }) => before === null),
    [],
    'hidden once is hidden',
  )
  const second = rowsOfCsv((await fileOf(2)).bytes, fields)
  for (const [n, row] of second.entries())
    if (rows[n]?.[count] === null) t.equal(row[count], null, row.slice(0, 3).join())
})
