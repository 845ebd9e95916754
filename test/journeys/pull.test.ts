/**
 * The puller against a service: after corrections, a withdrawal, additive and breaking contracts, the copy equals the
 * source, record by record and byte by byte, in PostgreSQL and in a folder.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test as Tap } from 'tap'
import { administer, emptyDatabase } from '../support/database.ts'
import { contractOf, field } from '../support/fields.ts'
import { temporaryFolder } from '../support/open-test-context.ts'
import { liveVersions, openPullSource, pullFrom } from '../support/pull-source.ts'
import {
  differencesInFolder,
  differencesInSchema,
  stateOfFolder,
  stateOfSchema,
} from '../support/pulled-copy.ts'

t.setTimeout(900_000)

const required = { constraints: { required: true } }
const theme = { themes: ['education'], formats: ['csv', 'csv.gz', 'ndjson'] }
const tree = field('tree', 'string', { role: 'key', ...required })
const trees = contractOf(
  [
    tree,
    field('height', 'integer', { role: 'measure', unit: 'm' }),
    field('girth', 'number', { role: 'measure', scale: 2 }),
    field('protected', 'boolean'),
    field('planted', 'date'),
    field('seen', 'datetime'),
    field('visible_from', 'time'),
    field('names', 'list', { separators: ['、'] }),
    field('district', 'string', { codes: 'districts' }),
  ],
  ['tree'],
  { dataset: 'tree-register', ...theme },
)
const bridges = contractOf([field('bridge', 'string', { role: 'key', ...required })], ['bridge'], {
  dataset: 'bridge-register',
  ...theme,
})
const treeHeader = trees.fields.map(({ name }) => name).join(',')
const treeRows = (height: number) =>
  [
    treeHeader,
    `oak,${height},1.50,true,2001-02-03,2025-09-01T08:00:00+08:00,08:30,橡树、柞,310101`,
    `"elm, the ""old"" one",-${height},0.05,false,,,24:00,,310115`,
    `"line\nbreak",,,,,,,,`,
    `银杏,900719925474099,12345678.90,true,1900-01-01,1999-12-31T23:59:59Z,00:00,白果、公孙树、鸭脚,310104\n`,
  ].join('\n')

const source = await openPullSource(t, [trees, bridges])
const database = await emptyDatabase(t)
const folder = join(await temporaryFolder(t), 'copy')
const history = join(await temporaryFolder(t), 'history')
await source.publish('tree-register', '2023', treeRows(1))
await source.publish('tree-register', '2024', treeRows(20))
await source.publish('bridge-register', '2024', 'bridge\nold\nnew\n')
await source.publish('tree-register', '2023', treeRows(2))

/** Pulls into every kind of target and compares each with the source. */
async function pullAll(t: Tap, what: string) {
  await Promise.all([
    pullFrom(source.base(), { into: database }),
    pullFrom(source.base(), { into: folder }),
    pullFrom(source.base(), { into: history, history: true }),
  ])
  const live = await liveVersions(source.base())
  t.same(await differencesInSchema(database, live), [], `${what}: in Postgres`)
  t.same(await differencesInFolder(folder, live), [], `${what}: in the folder`)
  const all = await liveVersions(source.base(), { history: true })
  t.same(await differencesInFolder(history, all), [], `${what}: in the folder with its history`)
  return live
}

const query = <Row extends object>(sql: string) =>
  administer(database, async (client) => (await client.query<Row>(sql)).rows)

t.test('the first pull copies everything', async (t) => {
  const live = await pullAll(t, 'first')
  t.equal(live.length, 3)
  t.ok(live.some(({ rows }) => rows.length === 4))
  const again = await pullFrom(source.base(), { into: database })
  t.match(again, { changes: 0, versionsTaken: 0, signedBy: null }, 'and nothing again')
})

t.test('the copy has types, comments and labels', async (t) => {
  const columns = await query<{ name: string; type: string; comment: string }>(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, col_description(a.attrelid, a.attnum) AS comment
     FROM pg_attribute a WHERE a.attrelid = 'qingdan_copy.tree_register'::regclass AND a.attnum > 0 ORDER BY a.attnum`,
  )
  t.same(
    columns.map(({ name, type }) => `${name} ${type}`),
    [
      ...[
        '_edition text',
        '_version integer',
        'tree text',
        'height bigint',
        'girth numeric',
        'protected boolean',
      ],
      ...[
        'planted date',
        'seen timestamp(0) with time zone',
        'visible_from text',
        'names text[]',
        'district text',
      ],
    ],
  )
  t.match(columns.find(({ name }) => name === 'height')?.comment, '测试 height / Test height (m)')
  const [label] = await query<{ zh: string; en: string }>(
    `SELECT zh, en FROM qingdan_copy._code WHERE dataset = 'tree-register' AND list = 'districts' AND code = '310115'`,
  )
  t.match(label, { zh: '浦东新区', en: 'Pudong New Area' })
  const csv = await readFile(join(folder, 'datasets/tree-register/codes/districts.csv'), 'utf8')
  t.match(csv, /^code,zh,en\n[\s\S]*310115,浦东新区,/)
})

t.test('versions that a later change removes are not fetched', async (t) => {
  await source.publish('bridge-register', '2025', 'bridge\nfirst\n')
  await source.publish('bridge-register', '2025', 'bridge\nsecond\n')
  await source.publish('bridge-register', '2025', 'bridge\nthird\n')
  const report = await pullFrom(source.base(), { into: database })
  t.match(report, { changes: 3, versionsTaken: 1 })
})

t.test('a correction', async (t) => {
  await source.publish('tree-register', '2024', treeRows(21))
  await pullAll(t, 'correction')
  const versions = await query<{ is_latest: boolean; held: boolean }>(
    `SELECT version, held, is_current, is_latest FROM qingdan_copy._version
     WHERE dataset = 'tree-register' AND edition = '2024' ORDER BY version`,
  )
  t.match(versions, [
    { version: 1, held: false, is_current: false, is_latest: false },
    { version: 2, held: true, is_current: true, is_latest: true },
  ])
})

t.test('after a withdrawal the previous version is current, with a tombstone', async (t) => {
  await source.withdraw('tree-register', '2024', 2, 'measured wrongly')
  const live = await pullAll(t, 'withdrawal')
  t.match(
    live.find(({ dataset, edition }) => dataset === 'tree-register' && edition === '2024'),
    { version: 1 },
  )
  const tombstone = 'datasets/tree-register/editions/2024/versions/2.withdrawn.json'
  t.match(JSON.parse(await readFile(join(folder, tombstone), 'utf8')), {
    version: 2,
    reason: 'measured wrongly',
  })
  const [row] = await query(`SELECT withdrawn_reason, held FROM qingdan_copy._version WHERE version = 2
    AND dataset = 'tree-register' AND edition = '2024'`)
  t.match(row, { withdrawn_reason: 'measured wrongly', held: false })
  t.match(JSON.parse(await readFile(join(folder, 'datasets/tree-register/latest.json'), 'utf8')), {
    version: 1,
  })
})

t.test('a contract that adds a field, and one that breaks', async (t) => {
  const added = { ...trees, contractVersion: 2, fields: [...trees.fields, field('kind', 'string')] }
  const breaking = { ...trees, contractVersion: 3, fields: [tree, field('height', 'number', { scale: 1 })] }
  await source.grow([added])
  await pullAll(t, 'contract that adds')
  await source.publish('tree-register', '2025', `${treeHeader},kind\noak,1,,,,,,,,quercus\n`)
  await pullAll(t, 'version under it')
  await source.grow([breaking])
  await pullAll(t, 'contract that breaks')
  await source.publish('tree-register', '2025', 'tree,height\noak,1.5\n')
  const live = await pullAll(t, 'version under that')
  const own = live.filter(({ dataset, edition }) => dataset === 'tree-register' && edition === '2025')
  t.match(own, [{ lineage: 3 }, { lineage: 1 }], 'the former one remains')
  t.same(await query('SELECT height FROM qingdan_copy.tree_register__c3__latest'), [{ height: '1.5' }])
  t.match(await query('SELECT kind FROM qingdan_copy.tree_register__latest'), [{ kind: 'quercus' }])
  const [contract] = await query<{ sunset: Date | null }>(
    `SELECT sunset, records_table FROM qingdan_copy._contract WHERE dataset = 'tree-register' AND contract_version = 3`,
  )
  t.match(contract, { records_table: 'tree_register__c3' })
  t.ok(contract?.sunset instanceof Date, 'with the notice for readers of the former one')
})

t.test('an edition withdrawn completely has no latest version', async (t) => {
  for (const version of [1, 2, 3]) await source.withdraw('bridge-register', '2025', version, 'no bridges')
  await pullAll(t, 'edition withdrawn')
  t.same(await query('SELECT * FROM qingdan_copy.bridge_register__latest'), [])
  t.equal((await query('SELECT * FROM qingdan_copy.bridge_register__editions')).length, 2)
  const latest = JSON.parse(await readFile(join(folder, 'datasets/bridge-register/latest.json'), 'utf8'))
  t.match(latest, { edition: '2025', version: null })
})

t.test('a new copy equals one that followed the feed', async (t) => {
  const other = await emptyDatabase(t)
  const fresh = join(await temporaryFolder(t), 'fresh')
  await Promise.all([other, fresh].map((into) => pullFrom(source.base(), { into })))
  t.same(await differencesInSchema(other, await liveVersions(source.base())), [])
  t.same(await stateOfFolder(fresh), await stateOfFolder(folder))
  const recordsOf = async (url: string) =>
    Object.entries((await stateOfSchema(url)) as Record<string, unknown>).filter(
      ([name]) => name !== '_version',
    )
  t.same(await recordsOf(other), await recordsOf(database))
})
