/**
 * Several bags as one bundle: they wait for each other, are staged or refused together, and no order,
 * repetition or crash accepts them twice. A bag that doesn't belong to the others is refused, and they
 * continue to wait.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createBag, type NewBag, packBag } from '../../src/bundle/index.ts'
import { dropBundle, receive, releaseBundle, takeBundle } from '../../src/ingest/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { callCli } from '../support/run-cli.ts'

const dataset = 'gate-register'
const [east, west] = ['edu-310101', 'edu-310104']
const required = { constraints: { required: true } }
const contract = contractOf(
  [field('gate', 'string', { role: 'key', ...required }), field('width', 'integer', { role: 'measure' })],
  ['gate'],
  { dataset, themes: ['education'], parts: [{ provider: east }, { provider: west }] },
)
const testContext = await openTestContext(t, {
  contracts: [contract],
  settings: { QINGDAN_GROUP_BAGS_MAX: '4', QINGDAN_BUNDLE_FILES_MAX: '21', QINGDAN_BUNDLE_ROWS_MAX: '6' },
})
const { context, findingsOf, get } = testContext
const { work } = context.database

interface Delivery extends Partial<Pick<NewBag, 'edition' | 'provider' | 'sequence' | 'mode' | 'against'>> {
  readonly group: string
  readonly bag: string
  readonly rows: string
}

async function bagOf({ group, bag, rows, ...more }: Delivery): Promise<string> {
  const folder = join(await mkdtemp(join(testContext.folder, 'sent-')), 'bag')
  const [number = 0, count = 0] = bag.split('/').map(Number)
  const operation = more.mode === 'delta' ? { operation: 'upsert' as const } : {}
  await createBag({
    ...{ folder, dataset, edition: '2025', provider: east, contractVersion: 1, ...more },
    files: [{ name: 'rows.csv', source: Buffer.from(`gate,width\n${rows}`), ...operation }],
    group: { identifier: group, number, count },
    clock: () => new Date('2026-01-01T00:00:00Z'),
  })
  return folder
}

const receiveDelivery = async (sent: Delivery) => {
  const path = await bagOf(sent)
  const receipt = await receive(context, { path, broughtBy: 'cli:test' })
  await rm(path, { recursive: true })
  return receipt
}
const send = async (sent: Delivery) => takeBundle(context, (await receiveDelivery(sent)).id)
const again = async ({ id }: { readonly id: string }) => takeBundle(context, id)
const checksOf = async (receipt: Awaited<ReturnType<typeof send>>) =>
  (await findingsOf(receipt))
    .filter(isRelevant)
    .map(({ check, file, row }) => [check, file, row].filter(Boolean).join(' '))
/** Bundles here are unsigned, which is allowed with a warning. */
const isRelevant = ({ check }: { readonly check: string }) => check !== 'signature-missing'
const currentPart = async (edition = '2025') => {
  const rows = await work`SELECT provider, bundle_id, rows FROM qingdan.part
    WHERE replaced_at IS NULL AND edition = ${edition} ORDER BY provider`
  return rows.map((row) => Object.values(row).join(' '))
}

t.test('bags wait for each other, in any order, and become one part', async (t) => {
  const third = await send({ group: 'g1', bag: '3/3', rows: 'c,3\n', sequence: 1 })
  t.match(third, { state: 'waiting', group: { identifier: 'g1', number: 3, count: 3, here: [3] } })
  const first = await send({ group: 'g1', bag: '1/3', rows: 'a,1\n', sequence: 1 })
  t.same(first.group?.here, [1, 3])
  t.match(await again(third), { state: 'waiting' }, 'waiting once more changes nothing')
  t.equal((await again(third)).history.length, 3)
  const listed = await callCli(['list', 'bundles'], testContext.environment)
  t.match(listed.stdout, /waiting: 2 of 3 bags received, missing 2/)
  t.same(await currentPart(), [])
  const second = await send({ group: 'g1', bag: '2/3', rows: 'b,2\n', sequence: 1 })
  for (const receipt of [await again(first), second, await again(third)]) {
    t.match(receipt, { state: 'staged', errors: 0, files: [{ rowsTaken: 1 }] })
    t.same(
      receipt.history.map(({ state }) => state),
      ['received', 'verified', 'waiting', 'validated', 'staged'],
    )
    t.equal(receipt.files[0]?.file, `bag-${receipt.group?.number}/data/rows.csv`)
  }
  t.same(await currentPart(), [`${east} ${first.id} 3`], 'one part, under the first bag')
  await testContext.take({ dataset, edition: '2025', provider: west, rows: 'gate,width\nw,1\n' })
  t.equal((await testContext.publish(dataset, '2025')).state, 'done')
  const base = `/v1/datasets/${dataset}/editions/2025/versions/1`
  t.equal((await get(`${base}/files/${dataset}-2025-v1.csv`)).text, 'gate,width\na,1\nb,2\nc,3\nw,1\n')
  const { parts } = (await get(base)).json<{ parts: { bundle: string; bundles: string[] }[] }>()
  t.same(parts[0]?.bundles, [first.id, second.id, third.id])
})

t.test('one bad bag refuses all, and each receipt says where the fault is', async (t) => {
  const before = await currentPart()
  const first = await send({ group: 'g2', bag: '1/2', rows: 'a,5\nb,6\n' })
  const second = await send({ group: 'g2', bag: '2/2', rows: 'c,wide\na,7\n' })
  t.equal(second.state, 'quarantined')
  t.same(await checksOf(second), ['type bag-2/data/rows.csv 2', 'key-doubled bag-2/data/rows.csv 3'])
  const refused = await again(first)
  t.match(refused, { state: 'quarantined', errors: 1 })
  t.same(await checksOf(refused), ['key-doubled bag-1/data/rows.csv 2'], 'keys are unique across bags')
  t.match((await findingsOf(second)).filter(isRelevant)[1], { expected: 'gate (bag-1/data/rows.csv: 2)' })
  t.same(await currentPart(), before)

  // Corrected: the changed bag as a new one, and the other again.
  const corrected = await send({ group: 'g2', bag: '2/2', rows: 'c,3\n' })
  t.match(corrected, { state: 'waiting', group: { here: [2] } })
  t.equal((await send({ group: 'g2', bag: '1/2', rows: 'a,5\nb,6\n' })).state, 'staged')
  t.equal((await again(corrected)).state, 'staged')
  t.equal((await again(second)).state, 'quarantined')
})

t.test('the receipt of a bag without a fault says where the fault is', async (t) => {
  const first = await send({ group: 'g3', bag: '1/2', rows: 'a,5\n' })
  const second = await send({ group: 'g3', bag: '2/2', rows: 'c,wide\n' })
  const [finding] = (await findingsOf(await again(first))).filter(isRelevant)
  t.match(finding, { check: 'group-refused', expected: `bag-2: ${second.id}` })
})

t.test('in quarantine they are released together, or dropped together', async (t) => {
  const act = (id: string) => ({ id, actor: 'cli:officer', reason: 'The rest is urgent.' })
  const edition = '2026'
  const first = await send({ group: 'released', bag: '1/2', rows: 'a,5\n', edition })
  const second = await send({ group: 'released', bag: '2/2', rows: 'c,wide\nd,6\n', edition })
  t.match([await again(first), second], [{ state: 'quarantined' }, { state: 'quarantined' }])
  t.same(await currentPart(edition), [])
  t.match(await releaseBundle(context, act(second.id)), { state: 'released' })
  // Whichever is processed first finds the other released as well.
  for (const receipt of [await again(second), await again(first), await again(second)]) {
    t.match(receipt, { state: 'staged', decision: { act: 'release', reason: 'The rest is urgent.' } })
  }
  t.same(
    await currentPart(edition),
    [`${east} ${first.id} 2`],
    'the rows without an error, under the first bag',
  )

  const third = await send({ group: 'dropped', bag: '1/2', rows: 'a,5\n', edition })
  const fourth = await send({ group: 'dropped', bag: '2/2', rows: 'c,wide\n', edition })
  t.match(await dropBundle(context, act(third.id)), { state: 'dropped' })
  t.match([await again(third), await again(fourth)], [{ state: 'dropped' }, { state: 'dropped' }])
  t.same(await currentPart(edition), [`${east} ${first.id} 2`], 'the last good part stays')
})

t.test('a bag that does not belong to the others is refused, and they continue to wait', async (t) => {
  const good: Delivery = { group: 'g4', bag: '1/2', rows: 'a,1\n', sequence: 2 }
  const waiting = await send(good)
  t.equal(waiting.state, 'waiting')
  const cases: readonly [Delivery, string][] = [
    [{ ...good, rows: 'a,2\n' }, 'group-number bag-info.txt'],
    [{ ...good, bag: '2/3' }, 'group-count bag-info.txt'],
    [{ ...good, bag: '2/2', edition: '2024' }, 'group-mixed datapackage.json'],
    [{ ...good, bag: '2/2', sequence: 3 }, 'group-mixed datapackage.json'],
    [{ ...good, bag: '2/2', mode: 'delta', against: { version: 1 } }, 'group-mixed datapackage.json'],
    [{ ...good, bag: '2/5' }, 'group-label bag-info.txt'],
    [{ ...good, group: 'g1', bag: '2/3', rows: 'z,1\n' }, 'group-taken bag-info.txt'],
  ]
  // The base is an existing version of the edition, so that the delta itself would be valid.
  await testContext.publish(dataset, '2025', { reason: 'Corrected.' })
  for (const [sent, finding] of cases) {
    const against = sent.against === undefined ? {} : { against: { version: 2 } }
    const receipt = await send({ ...sent, ...against })
    t.equal(receipt.state, 'refused', finding)
    t.same(await checksOf(receipt), [finding])
    t.match(await again(waiting), { state: 'waiting', group: { here: [1] } })
  }
  // Group labels are separate per provider.
  t.match(await send({ ...good, bag: '2/2', provider: west, sequence: 1 }), {
    state: 'waiting',
    group: { here: [2] },
  })
  t.equal((await send({ ...good, bag: '2/2', rows: 'b,1\n' })).state, 'staged')
})

t.test('limits apply to all bags together, on both sides', async (t) => {
  const group = (name: string, rows: readonly string[]) =>
    rows.map((each, index) => ({
      group: name,
      bag: `${index + 1}/${rows.length}`,
      rows: each,
      edition: '2026',
    }))
  const sendAll = async (all: readonly Delivery[]) => {
    let last: Awaited<ReturnType<typeof send>> | undefined
    for (const one of all) last = await send(one)
    if (last === undefined) throw new Error('nothing was sent')
    return { last, checks: (await checksOf(last)).map((line) => line.split(' ')[0]) }
  }
  t.equal((await sendAll(group('rows-6', ['a,1\nb,1\n', 'c,1\nd,1\n', 'e,1\nf,1\n']))).last.state, 'staged')
  const seven = await sendAll(group('rows-7', ['a,1\nb,1\n', 'c,1\nd,1\n', 'e,1\nf,1\ng,1\n']))
  t.equal(seven.last.state, 'refused')
  // Each bag has six files: three are eighteen, and four are more than 21.
  const four = await sendAll(group('bags-4', ['a,1\n', 'b,1\n', 'c,1\n', 'd,1\n']))
  t.match(four, { last: { state: 'refused' }, checks: ['too-many-files'] })
})

t.test('the last bag twice at once, and all bags at once, are accepted once', async (t) => {
  const sent = ['a', 'b', 'c'].map((gate, index) => ({
    ...{ group: 'g5', bag: `${index + 1}/3`, rows: `${gate},8\n`, sequence: 3 },
  }))
  const ids = []
  for (const one of sent) ids.push((await receiveDelivery(one)).id)
  const receipts = await Promise.all([...ids, ...ids].map((id) => takeBundle(context, id)))
  t.ok(receipts.every(({ state }) => state === 'staged' || state === 'waiting'))
  for (const id of ids) {
    const { state, history } = await takeBundle(context, id)
    t.equal(state, 'staged')
    t.equal(history.filter((entry) => entry.state === 'staged').length, 1)
  }
  const [row] = await work`SELECT count(*)::int AS parts FROM qingdan.part WHERE bundle_id = ANY(${ids})`
  t.equal(row?.['parts'], 1)
})

t.test('a crash between the steps loses nothing', async (t) => {
  const first = await send({ group: 'g6', bag: '1/2', rows: 'a,9\n', sequence: 4 })
  const last = await receiveDelivery({ group: 'g6', bag: '2/2', rows: 'b,9\n', sequence: 4 })
  // The process ends where a step reports progress.
  for (const point of ['checked', 'admitted', 'rows-written']) {
    const observe: typeof context.observe = (name, facts) => {
      context.observe(name, facts)
      if (facts?.['point'] === point) throw new Error(`killed at ${point}`)
    }
    await t.rejects(takeBundle({ ...context, observe }, last.id), new RegExp(point))
  }
  t.equal((await again(first)).state, 'staged', 'whichever bag is processed next')
  t.equal((await again(last)).state, 'staged')
  const tables = await work<
    { tablename: string }[]
  >`SELECT tablename FROM pg_tables WHERE schemaname = 'staging'`
  for (const { tablename } of tables) await work.unsafe(`TRUNCATE staging."${tablename}"`)
  t.equal((await testContext.publish(dataset, '2025', { reason: 'After a crash.' })).state, 'done')
  const base = `/v1/datasets/${dataset}/editions/2025/versions/3`
  t.equal((await get(`${base}/files/${dataset}-2025-v3.csv`)).text, 'gate,width\na,9\nb,9\nw,1\n')
})

t.test('a delta in several bags', async (t) => {
  const delta = { group: 'g7', mode: 'delta', against: { version: 3 }, sequence: 5 } as const
  t.equal((await send({ ...delta, bag: '1/2', rows: 'a,10\n' })).state, 'waiting')
  const last = await send({ ...delta, bag: '2/2', rows: 'c,10\n' })
  t.match(last, { state: 'staged', changes: { added: 1, changed: 1, deleted: 0, unchanged: 0 } })
})

t.test('the command brings bags together and reports each at the end', async (t) => {
  const zips = []
  for (const [index, rows] of ['a,11\n', 'b,11\n'].entries()) {
    const bag = await bagOf({ group: 'g8', bag: `${index + 1}/2`, rows, sequence: 6 })
    zips.push(`${bag}.zip`)
    await packBag(bag, `${bag}.zip`)
  }
  const [one = '', two = ''] = zips
  const part = await callCli(['ingest', one], testContext.environment)
  t.equal(part.code, 0, part.stderr)
  t.match(part.stdout, /^waiting: 1 of 2 bags received, missing 2 {2}gate-register/)
  const whole = await callCli(['ingest', one, two], testContext.environment)
  t.equal(whole.code, 0, whole.stderr)
  t.equal(whole.lines.filter((line) => line.startsWith('staged')).length, 2)
  t.notMatch(whole.stdout, /waiting/)
})
