/**
 * Sequence numbers as bundles arrive: replays change nothing, a used number and an older bundle are refused,
 * gaps are reported and filled, and only accepted bundles use up their number.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createBag, packBag } from '../../src/bundle/index.ts'
import { receive, takeBundle } from '../../src/ingest/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { callCli } from '../support/run-cli.ts'

const dataset = 'lamp-register'
const [east, west] = ['edu-310101', 'edu-310104']
const required = { constraints: { required: true } }
const contract = contractOf(
  [field('lamp', 'string', { role: 'key', ...required }), field('watts', 'integer', { role: 'measure' })],
  ['lamp'],
  { dataset, themes: ['education'], parts: [{ provider: east }, { provider: west }] },
)
const testContext = await openTestContext(t, { contracts: [contract] })
const { context, findingsOf } = testContext
const { work } = context.database

interface Delivery {
  readonly rows: string
  readonly sequence?: number
  readonly edition?: string
  readonly provider?: string
  readonly zip?: boolean
}

async function receiveDelivery({ rows, sequence, edition = '2025', provider = east, zip = false }: Delivery) {
  const folder = await mkdtemp(join(testContext.folder, 'sent-'))
  const bag = join(folder, 'bag')
  const files = [{ name: 'rows.csv', source: Buffer.from(`lamp,watts\n${rows}`) }]
  const numbered = sequence === undefined ? {} : { sequence }
  const purpose = { dataset, edition, provider, contractVersion: 1, ...numbered }
  await createBag({ ...purpose, folder: bag, files, clock: () => new Date('2026-01-01T00:00:00Z') })
  const path = zip ? `${bag}.zip` : bag
  if (zip) await packBag(bag, path)
  const receipt = await receive(context, { path, broughtBy: 'cli:test' })
  await rm(folder, { recursive: true })
  return receipt
}

async function send(delivery: Delivery) {
  const receipt = await takeBundle(context, (await receiveDelivery(delivery)).id)
  // Bundles here are unsigned, which is allowed with a warning.
  const findings = (await findingsOf(receipt)).filter(({ check }) => check !== 'signature-missing')
  return { receipt, findings: findings.map(({ check, expected = '' }) => `${check} ${expected}`.trim()) }
}

const currentPart = async () => {
  const rows = await work`
    SELECT edition, provider, bundle_id FROM qingdan.part WHERE replaced_at IS NULL ORDER BY edition, provider`
  return rows.map(({ edition, provider, bundle_id }) => `${edition} ${provider} ${bundle_id}`)
}

t.test('consecutive numbers are accepted without a finding', async (t) => {
  const first = await send({ rows: 'a,1\n', sequence: 1 })
  t.match(first, { receipt: { state: 'staged', sequence: 1 }, findings: [] })
  t.match(await send({ rows: 'a,2\n', sequence: 2 }), { receipt: { state: 'staged' }, findings: [] })
  t.match(await send({ rows: 'a,9\n', sequence: 1, provider: west }), {
    receipt: { state: 'staged' },
    findings: [],
  })
  t.match(await send({ rows: 'a,9\n' }), { receipt: { state: 'staged', sequence: null }, findings: [] })
})

t.test('a replay is a no-op, and a finding says if it is packed differently', async (t) => {
  const before = await currentPart()
  const again = await send({ rows: 'a,2\n', sequence: 2 })
  t.equal(again.receipt.history.length, 4, 'the existing receipt')
  const { receipt, findings } = await send({ rows: 'a,2\n', sequence: 2, zip: true })
  t.equal(receipt.state, 'refused')
  t.same(findings, [`sequence-replayed 2: ${again.receipt.id}`])
  t.same(await currentPart(), before)
})

t.test('a used number is refused with the bundle that has it; an older one is out of order', async (t) => {
  const before = await currentPart()
  const holder = (await send({ rows: 'a,2\n', sequence: 2 })).receipt.id
  const reused = await send({ rows: 'a,3\n', sequence: 2 })
  t.match(reused, { receipt: { state: 'refused', errors: 1 }, findings: [`sequence-reused 2: ${holder}`] })
  const other = await send({ rows: 'a,2\n', sequence: 2, edition: '2024' })
  t.match(other, { receipt: { state: 'refused' }, findings: [`sequence-reused 2: ${holder}`] })
  t.same(await currentPart(), before, 'nothing has changed')
})

t.test(
  'a gap is reported and the bundle accepted; a bundle that fills it is out of order only within its edition',
  async (t) => {
    const ahead = await send({ rows: 'a,6\n', sequence: 6 })
    t.match(ahead, { receipt: { state: 'staged', errors: 0, warnings: 2 }, findings: ['sequence-gap 3–5'] })
    t.match(await send({ rows: 'a,7\n', sequence: 7 }), { receipt: { state: 'staged' }, findings: [] })
    const before = await currentPart()
    const late = await send({ rows: 'a,4\n', sequence: 4 })
    t.match(late, { receipt: { state: 'refused' }, findings: ['sequence-behind > 6'] })
    t.same(await currentPart(), before, 'an older bundle replaces nothing')
    const elsewhere = await send({ rows: 'a,4\n', sequence: 4, edition: '2024' })
    t.match(
      elsewhere,
      { receipt: { state: 'staged' }, findings: ['sequence-gap 3'] },
      'it replaces nothing newer',
    )
    const listed = await callCli(['list', 'bundles'], testContext.environment)
    t.equal(listed.code, 0, listed.stderr)
    t.match(
      listed.stdout,
      new RegExp(`Missing of ${east} for ${dataset}: 3\n.*Missing of ${east} for ${dataset}: 5\n`),
    )
    t.match(listed.lines[0], /sequence/)
  },
)

t.test('only accepted bundles use up their number', async (t) => {
  const bad = await send({ rows: 'a,many\n', sequence: 8 })
  t.match(bad, { receipt: { state: 'quarantined', sequence: 8 } })
  t.match(
    await send({ rows: 'a,8\n', sequence: 8 }),
    { receipt: { state: 'staged' }, findings: [] },
    'corrected',
  )
  t.match(await send({ rows: 'a,many\n', sequence: 8 }), { findings: [/^sequence-reused 8/] })
})

t.test('of bundles of one number that are processed at once, one is accepted', async (t) => {
  const results = []
  for (const watts of [1, 2, 3, 4])
    results.push(await receiveDelivery({ rows: `a,9${watts}\n`, sequence: 9 }))
  const receipts = await Promise.all(results.map(({ id }) => takeBundle(context, id)))
  t.same(receipts.map(({ state }) => state).sort(), ['refused', 'refused', 'refused', 'staged'])
  const winner = receipts.find(({ state }) => state === 'staged')
  for (const receipt of receipts.filter(({ state }) => state === 'refused'))
    t.match(await findingsOf(receipt), [{ check: 'sequence-reused', expected: `9: ${winner?.id}` }])
  const rows = await work`SELECT bundle_id FROM qingdan.part
    WHERE replaced_at IS NULL AND edition = '2025' AND provider = ${east}`
  t.same(
    rows.map(({ bundle_id }) => bundle_id),
    [winner?.id],
  )
  const tables = await work<
    { tablename: string }[]
  >`SELECT tablename FROM pg_tables WHERE schemaname = 'staging'`
  for (const { id } of receipts.filter(({ state }) => state === 'refused'))
    t.notOk(
      tables.some(({ tablename }) => tablename.includes(id.slice(0, 40))),
      'the others leave no rows',
    )
})

t.test('the number is at most a billion', async (t) => {
  t.match(await send({ rows: 'b,1\n', sequence: 1_000_000_000, provider: west }), {
    receipt: { state: 'staged' },
  })
  t.match(await send({ rows: 'b,2\n', sequence: 1_000_000_001, provider: west }), {
    receipt: { state: 'refused' },
    findings: [/^descriptor .*sequence/],
  })
})
