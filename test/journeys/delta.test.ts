/**
 * Deltas from end to end: their changes, their bases, refusals that change nothing, and rows rebuilt from the
 * stored bundles after staging is lost.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createBag, type Operation } from '../../src/bundle/index.ts'
import { receive, releaseBundle, takeBundle } from '../../src/ingest/index.ts'
import { withdraw } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const dataset = 'bench-register'
const [east, west] = ['edu-310101', 'edu-310104']
const required = { constraints: { required: true } }
const text = field('wood', 'string')
const fields = [
  field('park', 'string', { role: 'key', ...required }),
  field('bench', 'integer', { role: 'key', ...required }),
  field('seats', 'integer', { role: 'measure' }),
  text,
]
const parts = [{ provider: east }, { provider: west }]
const more = { dataset, themes: ['education'], parts }
const contract = contractOf(fields, ['park', 'bench'], more)
const second = contractOf([...fields, field('made', 'integer')], ['park', 'bench'], {
  ...more,
  contractVersion: 2,
})
const testContext = await openTestContext(t, {
  contracts: [contract, second],
  settings: { QINGDAN_DELTA_CHAIN_MAX: '3', QINGDAN_BUNDLE_ROWS_MAX: '6' },
})
const { context, findingsOf, get } = testContext
const { work } = context.database
const header = 'park,bench,seats,wood\n'

interface Delta {
  readonly against: number
  readonly upserts?: string
  readonly deletes?: string
  readonly edition?: string
  readonly provider?: string
  readonly contractVersion?: number
}

async function send({
  against,
  upserts,
  deletes,
  edition = '2025',
  provider = east,
  contractVersion = 1,
}: Delta) {
  const folder = await mkdtemp(join(testContext.folder, 'sent-'))
  const file = (operation: Operation, head: string, rows?: string) =>
    rows === undefined ? [] : [{ name: `${operation}.csv`, source: Buffer.from(head + rows), operation }]
  await createBag({
    ...{ dataset, edition, provider, contractVersion, folder: join(folder, 'bag') },
    ...{ mode: 'delta', against: { version: against } },
    files: [...file('upsert', header, upserts), ...file('delete', 'bench,park\n', deletes)],
    clock: () => new Date('2026-01-01T00:00:00Z'),
  })
  const { id } = await receive(context, { path: join(folder, 'bag'), broughtBy: 'cli:test' })
  const receipt = await takeBundle(context, id)
  await rm(folder, { recursive: true })
  // Bundles here are unsigned, which is allowed with a warning.
  const findings = (await findingsOf(receipt)).filter(({ check }) => check !== 'signature-missing')
  return { receipt, findings }
}

const full = (provider: string, rows: string, edition = '2025') =>
  testContext.take({ dataset, edition, provider, rows: header + rows })
const csv = async (version: number, edition = '2025') =>
  (
    await get(
      `/v1/datasets/${dataset}/editions/${edition}/versions/${version}/files/${dataset}-${edition}-v${version}.csv`,
    )
  ).text
const currentPart = async () => {
  const rows = await work`SELECT edition, provider, bundle_id, rows FROM qingdan.part
    WHERE replaced_at IS NULL ORDER BY edition, provider`
  return rows.map((row) => Object.values(row).join(' '))
}
const publish = async (reason?: string, edition = '2025') => {
  const publication = await testContext.publish(dataset, edition, reason === undefined ? {} : { reason })
  t.equal(publication.state, 'done', JSON.stringify(publication.findings))
  return publication.version
}
/** Empties all staging tables. */
const crash = async () => {
  const tables = await work<
    { tablename: string }[]
  >`SELECT tablename FROM pg_tables WHERE schemaname = 'staging'`
  for (const { tablename } of tables) await work.unsafe(`TRUNCATE staging."${tablename}"`)
}

const eastRows = 'a,1,4,oak\na,2,4,\na,10,2,elm\n'
await full(east, eastRows)
await full(west, 'w,1,6,oak\n')
await publish()

t.test('a delta replaces, adds and deletes rows, and counts them', async (t) => {
  const results = await send({ against: 1, upserts: 'a,1,5,oak\na,2,4,\nb,1,2,elm\n', deletes: '10,a\n' })
  t.match(results, {
    receipt: {
      ...{ state: 'staged', mode: 'delta', against: 1, errors: 0 },
      changes: { added: 1, changed: 1, deleted: 1, unchanged: 1 },
    },
    findings: [],
  })
  t.same(
    results.receipt.files.map(({ file, rowsTaken }) => `${file} ${rowsTaken}`),
    ['data/delete.csv 1', 'data/upsert.csv 3'],
  )
  t.equal(await publish('A bench was repaired.'), 2)
  t.equal(await csv(2), `${header}a,1,5,oak\na,2,4,\nb,1,2,elm\nw,1,6,oak\n`)
  const version = (await get(`/v1/datasets/${dataset}/editions/2025/versions/2`)).json<{
    parts: { bundle: string; bundles: string[] }[]
  }>()
  const [part] = version.parts
  t.equal(part?.bundle, results.receipt.id)
  t.equal(part?.bundles.length, 2, 'the version names the bundles it was built from')
  const tables = await work<
    { tablename: string }[]
  >`SELECT tablename FROM pg_tables WHERE schemaname = 'staging'`
  t.same(
    tables.filter(({ tablename }) => /^[ud]_/.test(tablename)),
    [],
    'the merged tables are removed',
  )
})

t.test('a delta that does not fit is refused as a whole, and nothing changes', async (t) => {
  const before = await currentPart()
  const file = 'data/delete.csv'
  const cases: readonly [string, Delta, readonly object[]][] = [
    [
      'an unknown key',
      { against: 2, upserts: 'b,1,3,\n', deletes: '2,a\n99,a\n' },
      [{ check: 'delta-key-absent', file, row: 3, field: 'park,bench' }],
    ],
    [
      'a key on both sides',
      { against: 2, upserts: 'b,1,3,\na,1,9,\n', deletes: '1,a\n' },
      [{ check: 'delta-key-both', file, row: 2, field: 'park,bench' }],
    ],
    [
      'a key twice',
      { against: 2, upserts: 'b,1,3,\nb,1,4,\n' },
      [{ check: 'key-doubled' }, { check: 'key-doubled' }],
    ],
    ['all rows deleted', { against: 2, deletes: '1,a\n2,a\n1,b\n' }, [{ check: 'delta-nothing-left' }]],
    [
      'too many rows remain',
      { against: 2, upserts: 'c,1,1,\nc,2,1,\nc,3,1,\nc,4,1,\n' },
      [{ check: 'too-many-rows' }],
    ],
    ['a bad cell', { against: 2, upserts: 'c,1,many,\n' }, [{ check: 'type', cell: 'C2' }]],
    [
      'no such version',
      { against: 9, deletes: '1,a\n' },
      [{ check: 'delta-base-unknown', expected: '{"version": 2}' }],
    ],
    [
      'a former version',
      { against: 1, deletes: '1,a\n' },
      [{ check: 'delta-base-behind', expected: '{"version": 2}' }],
    ],
    [
      'another contract',
      { against: 2, deletes: '1,a\n', contractVersion: 2 },
      [{ check: 'delta-base-contract' }],
    ],
    [
      'an edition without versions',
      { against: 1, deletes: '1,a\n', edition: '2024' },
      [{ check: 'delta-base-unknown' }],
    ],
  ]
  for (const [name, delta, findings] of cases) {
    const results = await send(delta)
    // A fault of a row may be tolerated by the contract; a fault of the whole delta never is.
    const isQuarantined = findings.some((one) => JSON.stringify(one).match(/"(type|key-doubled)"/) !== null)
    t.equal(results.receipt.state, isQuarantined ? 'quarantined' : 'refused', name)
    t.match(results.findings, findings, name)
    t.equal(results.findings.length, findings.length, name)
    t.same(await currentPart(), before, `${name}: nothing has changed`)
  }
  const just = await send({ against: 2, upserts: 'c,1,1,\nc,2,1,\nc,3,1,\n' })
  t.match(just.receipt, { state: 'staged', changes: { added: 3 } }, 'as many as a part may have')
  t.equal(await publish('More benches.'), 3)
})

t.test('a former version with the same part is as good a base as the newest', async (t) => {
  await full(west, 'w,1,7,oak\n')
  t.equal(await publish('The west was wrong.'), 4)
  const results = await send({ against: 3, deletes: '1,c\n' })
  t.match(results.receipt, { state: 'staged', changes: { deleted: 1 } })
  // The same provider again before that is published: its first delta would be lost.
  const again = await send({ against: 4, deletes: '2,c\n' })
  t.equal(again.receipt.state, 'refused')
  t.match(again.findings, [{ check: 'delta-base-pending', expected: results.receipt.id }])
  t.equal(await publish('One bench less.'), 5)
})

t.test('a chain has a maximum length', async (t) => {
  const results = await send({ against: 5, deletes: '2,c\n' })
  t.match(results, {
    receipt: { state: 'refused' },
    findings: [{ check: 'delta-chain-long', expected: '≤ 3' }],
  })
  await full(east, 'a,1,5,oak\na,2,4,\nb,1,2,elm\nc,2,1,\nc,3,1,\n')
  t.equal(await publish('All benches.'), 6)
  t.match((await send({ against: 6, deletes: '2,c\n' })).receipt, { state: 'staged' })
  t.equal(await publish('After a full bundle.'), 7)
})

t.test('rows are rebuilt from the stored chain when staging is lost', async (t) => {
  t.match((await send({ against: 7, upserts: 'd,1,1,ash\n' })).receipt, { state: 'staged' })
  await crash()
  t.equal(await publish('After a crash.'), 8)
  t.equal(await csv(8), `${header}a,1,5,oak\na,2,4,\nb,1,2,elm\nc,3,1,\nd,1,1,ash\nw,1,7,oak\n`)
  await crash()
  t.match((await send({ against: 8, deletes: '1,a\n' })).receipt, {
    state: 'staged',
    changes: { deleted: 1 },
  })
  const tables = await work`SELECT FROM pg_tables WHERE schemaname = 'staging'`
  t.ok(tables.length <= 4, 'intermediate tables are removed')
  t.equal(await publish('After another.'), 9)
  t.equal(await csv(9), `${header}a,2,4,\nb,1,2,elm\nc,3,1,\nd,1,1,ash\nw,1,7,oak\n`)
})

t.test('a delta against a withdrawn version is refused; against the one before it is accepted', async (t) => {
  const waivers = [{ provider: west, reason: 'None.' }]
  await full(east, 'a,1,4,oak\n', '2026')
  await testContext.publish(dataset, '2026', { waivers })
  await full(east, 'a,1,40,oak\n', '2026')
  await testContext.publish(dataset, '2026', { waivers, reason: 'More seats.' })
  await withdraw(context, { dataset, edition: '2026', version: 2, reason: 'Not so many.', actor: 'cli:test' })
  const before = await currentPart()
  const refused = await send({ against: 2, upserts: 'a,2,4,oak\n', edition: '2026' })
  t.equal(refused.receipt.state, 'refused')
  t.match(refused.findings, [{ check: 'delta-base-withdrawn', expected: '{"version": 1}' }])
  t.same(await currentPart(), before)
  const west2026 = await send({ against: 1, upserts: 'w,2,4,oak\n', edition: '2026', provider: west })
  t.match(west2026.findings, [{ check: 'delta-base-part' }])
  const results = await send({ against: 1, upserts: 'a,2,4,oak\n', edition: '2026' })
  t.match(results.receipt, { state: 'staged', changes: { added: 1 } })
  await testContext.publish(dataset, '2026', { waivers, reason: 'One bench more.' })
  t.equal(await csv(3, '2026'), `${header}a,1,4,oak\na,2,4,oak\n`)
})

t.test('of two deltas on one base that are processed at once, one is accepted', async (t) => {
  const results = await Promise.all(
    ['e,1,1,\n', 'e,2,1,\n'].map((upserts) => send({ against: 3, upserts, edition: '2026' })),
  )
  t.same(results.map(({ receipt }) => receipt.state).sort(), ['refused', 'staged'])
  const loser = results.find(({ receipt }) => receipt.state === 'refused')
  t.match(loser?.findings, [{ check: 'delta-base-pending' }])
})

t.test('a delta with an error is quarantined; after release, its valid rows are applied', async (t) => {
  const edition = '2028'
  await full(east, 'a,1,4,oak\na,2,4,\n', edition)
  await full(west, 'w,1,6,oak\n', edition)
  await publish(undefined, edition)
  const before = await currentPart()
  const { receipt } = await send({ against: 1, upserts: 'a,1,7,oak\na,2,many,\n', edition })
  t.match(receipt, { state: 'quarantined', errors: 1 })
  t.same(await currentPart(), before)
  const act = { id: receipt.id, actor: 'cli:officer', reason: 'The first one is urgent.' }
  t.match(await releaseBundle(context, act), { state: 'released' })
  t.match(await takeBundle(context, receipt.id), {
    ...{ state: 'staged', errors: 1 },
    changes: { added: 0, changed: 1, deleted: 0, unchanged: 0 },
    files: [{ rowsTaken: 1, rowsRefused: 1 }],
  })
  await publish('One bench was repaired.', edition)
  t.equal(await csv(2, edition), `${header}a,1,7,oak\na,2,4,\nw,1,6,oak\n`)
})
