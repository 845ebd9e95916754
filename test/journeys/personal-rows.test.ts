/** Rows about persons: counted as they are read, never stored, corrected by whole parts. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { applyRetention } from '../../src/ingest/erasure/retention.ts'
import { listParts, type Receipt, receive, takeBundle } from '../../src/ingest/index.ts'
import { openTestContext } from '../support/open-test-context.ts'
import {
  bringPersonal,
  personMarker,
  type Swimmer,
  swimmers,
  swimmersContracts,
  swimmersCsv,
  swimmersOf,
  writePersonalBag,
} from '../support/personal-bundles.ts'

const edition = '2025'
const testContext = await openTestContext(t, { contracts: swimmersContracts })
const { context, folder, get, publish, lines } = testContext

const findingsOf = async (receipt: Receipt) =>
  (await testContext.findingsOf(receipt)).filter(({ severity }) => severity === 'error')

const bring = (provider: string, all: readonly Swimmer[], more = {}) =>
  bringPersonal(context, folder, { provider, edition, rows: swimmersCsv(all), ...more })

/** The published rows of one pass over all swimmers; groups of fewer than 3 are withheld. */
function expectedCsv(all: readonly Swimmer[]): string {
  const groups = new Map<string, { count: number; lengths: number }>()
  for (const { district, sex, lengths } of all) {
    const group = groups.get(`${district},${sex}`) ?? { count: 0, lengths: 0 }
    groups.set(`${district},${sex}`, {
      count: group.count + 1,
      lengths: group.lengths + Number(lengths),
    })
  }
  const rows = [...groups].sort().map(([key, { count, lengths }]) => {
    return count < 3 ? `${key},,,C` : `${key},${count},${lengths},F`
  })
  return `district,sex,swimmers,lengths,conf_status\n${rows.join('\n')}\n`
}

const fileOf = async (version: number) =>
  (
    await get(
      `/v1/datasets/${swimmers}/editions/${edition}/versions/${version}/files/${swimmers}-${edition}-v${version}.csv`,
    )
  ).text

t.test('parts are counted, published, and corrected as a whole', async (t) => {
  const [one, other] = [swimmersOf('310101', 11), swimmersOf('310104', 5)]
  const first = await bring('edu-310101', one)
  t.equal(first.state, 'staged', JSON.stringify(await findingsOf(first)))
  t.equal((await bring('edu-310104', other)).state, 'staged')
  const tables = await context.database.work<{ name: string }[]>`
    SELECT relname AS name FROM pg_class WHERE relnamespace = 'staging'::regnamespace AND relkind = 'r'
      AND relpersistence = 'p'`
  t.equal(tables.length, 4, 'two logged tables a part')
  const published = await publish(swimmers, edition)
  t.equal(published.state, 'done', JSON.stringify(published.findings))
  t.equal(await fileOf(1), expectedCsv([...one, ...other]))
  const corrected = swimmersOf('310104', 9, 3)
  t.equal((await bring('edu-310104', corrected)).state, 'staged')
  t.equal((await publish(swimmers, edition, { reason: 'Four more' })).state, 'done')
  t.equal(await fileOf(2), expectedCsv([...one, ...corrected]))
  t.equal((await listParts(context.database.work, swimmers, edition)).length, 2)
  t.notOk(lines.join('').includes(personMarker), 'no log line has a cell')
})

const storedFiles = async (id: string) => (await context.files.list(`bundles/${id}`)).length

t.test('bundles are removed once their rows are published, and corrections need no stored row', async (t) => {
  const of = { edition: '2026' }
  const [one, other] = [swimmersOf('310101', 7), swimmersOf('310104', 7)]
  const bag = await writePersonalBag(context, folder, {
    ...{ provider: 'edu-310101', rows: swimmersCsv(one), ...of },
  })
  const first = await receive(context, { path: bag, broughtBy: 'cli:test' })
  t.equal((await takeBundle(context, first.id)).state, 'staged')
  const second = await bring('edu-310104', other, of)
  t.ok(await storedFiles(first.id), 'stored until the publication')
  t.equal((await publish(swimmers, '2026')).state, 'done')
  t.same([await storedFiles(first.id), await storedFiles(second.id)], [0, 0])
  const again = await receive(context, { path: bag, broughtBy: 'cli:test' })
  t.match(again, { id: first.id, state: 'staged' }, 'the same bytes get the same receipt')
  t.equal(await storedFiles(first.id), 0, 'and are not stored again')
  const third = await bring('edu-310104', swimmersOf('310104', 4), of)
  t.equal((await publish(swimmers, '2026', { reason: 'Three fewer' })).state, 'done')
  t.equal(await storedFiles(third.id), 0)
})

t.test('a person in two parts is found by digests, in one part by the key', async (t) => {
  const of = { edition: '2027' }
  const [moved] = swimmersOf('310101', 1)
  t.ok(moved)
  await bring('edu-310101', swimmersOf('310101', 4), of)
  const back = { ...moved, district: '310104' } as Swimmer
  t.equal((await bring('edu-310104', [...swimmersOf('310104', 4), back], of)).state, 'staged')
  const { state, findings } = await publish(swimmers, '2027')
  t.equal(state, 'refused')
  t.match(findings, [
    { check: 'key-doubled-across-parts', row: 2, field: 'number' },
    { check: 'key-doubled-across-parts', row: 6 },
  ])
  t.notOk(JSON.stringify(findings).includes(personMarker))
  const [twice] = swimmersOf('310104', 1)
  const duplicates = await bring('edu-310104', [...swimmersOf('310104', 4), twice as Swimmer], of)
  t.equal(duplicates.state, 'quarantined')
  t.match(await findingsOf(duplicates), [
    { check: 'key-doubled', row: 2 },
    { check: 'key-doubled', row: 6 },
  ])
})

t.test('unencrypted, real and partial bundles are refused', async (t) => {
  const of = { edition: '2028' }
  const open = await bring('edu-310101', swimmersOf('310101', 3), { ...of, more: { encryptTo: undefined } })
  t.equal(open.state, 'refused')
  t.match(await findingsOf(open), [{ check: 'encryption-missing' }])
  t.equal(await storedFiles(open.id), 0, 'open rows are not kept')
  const real = await bring('edu-310101', swimmersOf('310101', 3), { ...of, more: { synthetic: false } })
  t.match(await findingsOf(real), [{ check: 'synthetic-missing' }])
  const rows = 'number,district,sex,lengths_swum,name,style\n1,310101,1,5,A,free\n'
  const proven = { edition: '2028', more: { synthetic: false, contractVersion: 2 } }
  const taken = await bringPersonal(context, folder, { provider: 'edu-310101', rows, ...proven })
  t.equal(taken.state, 'staged', 'under a contract that proves what it publishes, real rows are taken')
  const files = [{ name: 'rows.csv', source: Buffer.from(swimmersCsv([])), operation: 'upsert' as const }]
  const delta = { mode: 'delta' as const, against: { version: 1 }, files }
  const changed = await bring('edu-310101', [], { ...of, more: delta })
  t.match(await findingsOf(changed), [{ check: 'delta-derived' }])
})

t.test('rejected bundles go after the days of the contract', async (t) => {
  const of = { edition: '2029' }
  const bad = swimmersOf('310101', 4).map((one) => ({ ...one, lengths: 'many' }))
  const held = await bring('edu-310101', bad, of)
  t.equal(held.state, 'quarantined')
  const foreign = await bring('edu-310101', swimmersOf('310101', 4), { ...of, more: { contractVersion: 9 } })
  t.equal(foreign.state, 'refused')
  testContext.moveTo('2026-03-07T04:00:00Z')
  await applyRetention(context)
  t.ok(await storedFiles(held.id))
  testContext.moveTo('2026-03-08T04:00:01Z')
  await applyRetention(context)
  t.same([await storedFiles(held.id), await storedFiles(foreign.id)], [0, 0])
  t.equal((await findingsOf(held)).length, 4, 'the findings stay')
})

t.test('after the days for corrections the statistics are destroyed', async (t) => {
  const end = '2026-03-31T04:00:00Z'
  const keys = () => readdir(join(folder, 'var', 'keys', 'editions'))
  t.ok((await keys()).includes('swimmers.2025.key'))
  testContext.moveTo('2026-03-31T03:59:59Z')
  await applyRetention(context)
  t.equal((await listParts(context.database.work, swimmers, edition)).length, 2)
  testContext.moveTo(end)
  const late = await bring('edu-310101', swimmersOf('310101', 8))
  t.match(await findingsOf(late), [{ check: 'correction-closed', expected: '< 2026-03-31' }])
  await t.rejects(publish(swimmers, edition, { reason: 'Late' }), { code: 'corrections-closed' })
  await applyRetention(context)
  t.same(await listParts(context.database.work, swimmers, edition), [])
  t.notOk((await keys()).includes('swimmers.2025.key'))
  const left = await context.database.work`
    SELECT FROM qingdan.part p JOIN pg_class c ON c.relname IN ('s_' || left(p.bundle_id, 40), 'k_' || left(p.bundle_id, 40))
    WHERE p.edition = ${edition}`
  t.equal(left.length, 0, 'no table of the edition is left')
  t.match(await fileOf(2), /^district,/, 'what is published stays')
})

t.test(
  'statistics of an edition that is never published end too, and a later part begins it anew',
  async (t) => {
    const of = { edition: '2029' }
    const tables = async () =>
      (
        await context.database.work`
        SELECT FROM qingdan.part p JOIN pg_class c ON c.relname = 's_' || left(p.bundle_id, 40)
        WHERE p.edition = '2029'`
      ).length
    testContext.moveTo('2026-05-01T04:00:00Z')
    const first = await bring('edu-310101', swimmersOf('310101', 5), of)
    testContext.moveTo('2026-05-31T03:59:59Z')
    await applyRetention(context)
    t.equal(await tables(), 1)
    testContext.moveTo('2026-05-31T04:00:00Z')
    await applyRetention(context)
    t.equal(await tables(), 0)
    t.ok(lines.join('').includes('never-published'))
    await applyRetention(context)
    t.equal(await storedFiles(first.id), 0, 'its bundle goes in the next round')
    t.equal((await bring('edu-310101', swimmersOf('310101', 6), of)).state, 'staged')
    t.equal((await bring('edu-310104', swimmersOf('310104', 6), of)).state, 'staged')
    t.equal((await publish(swimmers, '2029')).state, 'done')
  },
)

t.test('a bag whose group stays incomplete is removed after the days for rejected ones', async (t) => {
  testContext.moveTo('2026-07-01T04:00:00Z')
  const group = (number: number) => ({
    edition: '2030',
    more: { group: { identifier: 'g', number, count: 2 } },
  })
  const first = await bring('edu-310101', swimmersOf('310101', 3), group(1))
  t.equal(first.state, 'waiting')
  testContext.moveTo('2026-07-08T03:59:59Z')
  await applyRetention(context)
  t.ok(await storedFiles(first.id))
  testContext.moveTo('2026-07-08T04:00:00Z')
  await applyRetention(context)
  t.equal(await storedFiles(first.id), 0)
  t.match(await findingsOf(first), [{ check: 'group-expired' }])
  await bring('edu-310101', swimmersOf('310101', 3, 10), group(2))
  const again = await bring('edu-310101', swimmersOf('310101', 3), group(1))
  t.equal(again.state, 'staged', 'sent again, both are taken')
})
