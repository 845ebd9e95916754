/**
 * What the puller refuses or tolerates: a tampered file, another source, a broken connection, a busy source, a foreign, busy
 * or full target, untrusted signatures. A refusal leaves the copy as it was.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t, { type Test as Tap } from 'tap'
import { loadServiceKey } from '../../src/accounts/index.ts'
import { readPublicKey } from '../../src/bundle/index.ts'
import { openFolderSink, openPostgresSink } from '../../src/pull/index.ts'
import { answerBytesMax } from '../../src/pull/limits.ts'
import { administer, emptyDatabase } from '../support/database.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, temporaryFolder } from '../support/open-test-context.ts'
import { liveVersions, openPullSource, pullFrom } from '../support/pull-source.ts'
import {
  differencesInFolder,
  differencesInSchema,
  stateOfFolder,
  stateOfSchema,
} from '../support/pulled-copy.ts'
import { openRelay, type Relayed, type Rule } from '../support/relay.ts'

t.setTimeout(900_000)

const tree = field('tree', 'string', { role: 'key', constraints: { required: true } })
const trees = contractOf([tree, field('height', 'integer')], ['tree'], {
  dataset: 'tree-register',
  themes: ['education'],
  formats: ['csv', 'ndjson'],
})
const source = await openPullSource(t, [trees])
const relay = await openRelay(t, source.base)
const rowsOf = (height: number) =>
  `tree,height\n${Array.from({ length: 2_000 }, (_, n) => `tree ${n},${height + n}\n`).join('')}`
await source.publish('tree-register', '2024', rowsOf(1))
const database = await emptyDatabase(t)
const folder = join(await temporaryFolder(t), 'copy')
await Promise.all([database, folder].map((into) => pullFrom(relay.base, { into })))
let height = 1

/** Runs a pull with the given faults and without pauses; returns the code of its refusal. */
async function refused(
  into: string,
  rules: Rule[],
  options: Partial<Parameters<typeof pullFrom>[1]> = {},
): Promise<string> {
  relay.rules = rules
  const pause = async () => undefined
  return pullFrom(relay.base, { into, retriesMax: 2, pause, ...options })
    .then(
      () => 'taken',
      (error: unknown) => (error as { code?: string }).code ?? String(error),
    )
    .finally(() => {
      relay.rules = []
    })
}

const csvFile = /\/files\/[^/]+\.csv$/
const alter = (answer: Relayed) => {
  answer.body = Buffer.from(answer.body.toString().replace('tree 7,', 'tree 9,'))
}
const edit = (from: string | RegExp, to: string) => (answer: Relayed) => {
  answer.body = Buffer.from(answer.body.toString().replace(from, to))
}

t.test('data that differ from the feed are refused and leave the copy unchanged', async (t) => {
  await source.publish('tree-register', '2024', rowsOf(++height))
  const digest = createHash('sha256').update('other').digest()
  const cases: readonly [string, RegExp, (answer: Relayed) => void, string][] = [
    ['a tampered file', csvFile, alter, 'wrong-bytes'],
    [
      'a longer file',
      csvFile,
      (one) => {
        one.body = Buffer.concat([one.body, Buffer.from('x,1\n')])
      },
      'wrong-bytes',
    ],
    [
      'a shorter file',
      csvFile,
      (one) => {
        one.body = one.body.subarray(0, -9)
      },
      'wrong-bytes',
    ],
    [
      'another digest in its header',
      csvFile,
      (one) => one.headers.set('repr-digest', `sha-256=:${digest.toString('base64')}:`),
      'wrong-bytes',
    ],
    ['other facts', /\/versions\/2$/, edit(/"records":2000/, '"records":1999'), 'wrong-facts'],
    [
      'another digest in the facts',
      /\/versions\/2$/,
      edit(/"sha256":"\w{64}"/, `"sha256":"${digest.toString('hex')}"`),
      'wrong-facts',
    ],
    ['another contract', /\/contracts\/1$/, edit('"integer"', '"string"'), 'wrong-bytes'],
    ['facts of another shape', /\/versions\/2$/, edit('"period"', '"time"'), 'answer-odd'],
    [
      'a name outside the target folder',
      /\/v1\/changes/,
      edit('"dataset":"tree-register"', '"dataset":"../../etc"'),
      'answer-odd',
    ],
    ['another origin', /\/v1\/changes/, edit(/"origin":"[^"]+"/, '"origin":"another"'), 'other-origin'],
  ]
  const before = [await stateOfSchema(database), await stateOfFolder(folder)]
  for (const [name, matches, alteration, code] of cases) {
    for (const into of [database, folder])
      t.equal(await refused(into, [{ matches, alter: alteration }]), code, `${name}`)
    t.same(
      [await stateOfSchema(database), await stateOfFolder(folder)],
      before,
      `${name}: nothing was changed`,
    )
  }
  for (const into of [database, folder])
    t.equal(await refused(into, []), 'taken', 'unaltered data are accepted')
  await equalsSource(t)
})

async function equalsSource(t: Tap): Promise<void> {
  const live = await liveVersions(source.base())
  t.same(await differencesInSchema(database, live), [])
  t.same(await differencesInFolder(folder, live), [])
}

/** Breaks the connection after 5,000 bytes, once they are in the scratch folder. */
function cutBehind(part: string, times: number): Rule {
  let broken = 0
  const size = () =>
    stat(part).then(
      (found) => found.size,
      () => 0,
    )
  return {
    ...{ matches: csvFile, times, cut: cutBytes },
    until: async () => {
      broken += 1
      while ((await size()) !== broken * cutBytes) await nextTurn()
    },
  }
}

const cutBytes = 5_000
const partIn = (scratch: string) => join(scratch, `tree-register-2024-v${height}.csv.part`)

t.test('a broken download resumes with Range and If-Range', async (t) => {
  await source.publish('tree-register', '2024', rowsOf(++height))
  const own = join(await temporaryFolder(t), 'scratch')
  const sink = await openPostgresSink({ url: database, schema: 'qingdan_copy', scratch: own })
  await sink.close()
  const scratches = [
    [database, sink.scratch],
    [folder, join(folder, '.qingdan-pull/scratch')],
  ] as const
  for (const [into, scratch] of scratches) {
    const first = relay.requests.length
    // An attempt that received data resets the count: a connection may break more often than it may stay silent.
    t.equal(await refused(into, [cutBehind(partIn(scratch), 2)], { retriesMax: 1, scratch: own }), 'taken')
    const requests = relay.requests.slice(first).filter(({ path }) => csvFile.test(path))
    t.match(
      requests.map(({ headers, status }) => [headers.range, status]),
      [
        [undefined, 200],
        ['bytes=5000-', 206],
        ['bytes=10000-', 206],
      ],
    )
    t.match(requests[1]?.headers['if-range'], /^"[0-9a-f]{64}"$/)
  }
  await equalsSource(t)
  await source.publish('tree-register', '2024', rowsOf(++height))
  const nothing: Rule = { matches: csvFile, cut: 0 }
  for (const into of [database, folder]) {
    t.equal(await refused(into, [nothing], { retriesMax: 1 }), 'source-away', 'if no data ever arrive')
    t.equal(await refused(into, []), 'taken')
  }
  await equalsSource(t)
})

t.test('a damaged partial file is downloaded again', async (t) => {
  await source.publish('tree-register', '2024', rowsOf(++height))
  const part = partIn(join(folder, '.qingdan-pull/scratch'))
  t.equal(await refused(folder, [cutBehind(part, 1)], { retriesMax: 0 }), 'source-away')
  const partial = await readFile(part)
  t.equal(partial.length, cutBytes, 'the received bytes are kept')
  await writeFile(part, partial.fill('x'))
  t.equal(await refused(folder, []), 'taken')
  t.equal(await refused(database, []), 'taken')
  await equalsSource(t)
})

t.test('partial files of unwanted versions are removed', async (t) => {
  await source.publish('tree-register', '2024', rowsOf(++height))
  const part = partIn(join(folder, '.qingdan-pull/scratch'))
  t.equal(await refused(folder, [cutBehind(part, 1)], { retriesMax: 0 }), 'source-away')
  await source.publish('tree-register', '2024', rowsOf(++height))
  const first = relay.requests.length
  for (const into of [database, folder]) t.equal(await refused(into, []), 'taken')
  const files = relay.requests.slice(first).flatMap(({ path }) => /-v(\d+)\.csv$/.exec(path)?.[1] ?? [])
  t.same(files, [String(height), String(height)], 'and nothing of it was requested again')
  await equalsSource(t)
})

t.test('a stalled download is retried, and an endless response is refused', async (t) => {
  await source.publish('tree-register', '2024', rowsOf(++height))
  let release: () => void = () => undefined
  const still = new Promise<void>((resolve) => {
    release = resolve
  })
  const stalled: Rule = { matches: csvFile, times: 1, cut: cutBytes, until: () => still }
  const first = relay.requests.length
  t.equal(await refused(folder, [stalled], { stallMilliseconds: 1_000 }), 'taken')
  t.equal(relay.requests.slice(first).filter(({ path }) => csvFile.test(path)).length, 2)
  const silent: Rule = { matches: /\/v1\/changes/, times: 1, before: () => still }
  t.equal(await refused(database, [silent], { answerMilliseconds: 2_000, retriesMax: 0 }), 'source-away')
  release()
  const pad = (bytes: number): Rule => ({
    matches: /\/v1\/changes/,
    alter: (answer) => {
      answer.body = Buffer.concat([answer.body, Buffer.alloc(bytes - answer.body.length, ' ')])
    },
  })
  t.equal(await refused(database, [pad(answerBytesMax)]), 'taken')
  t.equal(await refused(database, [pad(answerBytesMax + 1)]), 'answer-odd')
  await equalsSource(t)
})

t.test('a withdrawn version is dropped even if its successor is unavailable', async (t) => {
  await source.publish('tree-register', '2024', rowsOf(++height))
  for (const into of [database, folder]) t.equal(await refused(into, []), 'taken')
  await source.withdraw('tree-register', '2024', height, 'wrong')
  for (const into of [database, folder]) {
    t.equal(await refused(into, [{ matches: csvFile, alter }]), 'wrong-bytes')
  }
  t.same(await differencesInSchema(database, []), [], 'nothing is in the copy')
  t.same(await differencesInFolder(folder, []), [])
  for (const into of [database, folder]) t.equal(await refused(into, []), 'taken')
  await equalsSource(t)
  await source.publish('tree-register', '2024', rowsOf(++height))
  for (const into of [database, folder]) t.equal(await refused(into, []), 'taken')
})

t.test('a busy or unavailable source is retried as it requests, up to a limit', async (t) => {
  const paused: number[] = []
  const pause = async (milliseconds: number) => void paused.push(milliseconds)
  const busy = (status: number, times: number, after?: string): Rule => ({
    matches: /\/v1\/changes/,
    times,
    alter: (answer) => {
      answer.status = status
      if (after !== undefined) answer.headers.set('retry-after', after)
    },
  })
  t.equal(await refused(database, [busy(429, 1, '7')], { pause }), 'taken')
  t.equal(await refused(database, [busy(503, 2)], { pause }), 'taken')
  t.same(paused, [7_000, 500, 1_000])
  t.equal(await refused(database, [busy(503, 2)], { pause, retriesMax: 2 }), 'taken', 'as often as allowed')
  t.equal(await refused(database, [busy(503, 3)], { pause, retriesMax: 2 }), 'source-away', 'and no more')
  const none = { into: database, retriesMax: 0 }
  await t.rejects(pullFrom('http://127.0.0.1:1', none), { code: 'source-away' }, 'nothing listens there')
})

t.test('redirects are followed within the source only; other services are refused', async (t) => {
  const lead = (to: string, times?: number): Rule => ({
    matches: /\/v1\/changes/,
    ...(times === undefined ? {} : { times }),
    alter: (answer) => {
      answer.status = 307
      answer.headers.set('location', to)
    },
  })
  t.equal(await refused(database, [lead('/v1/changes?limit=1000', 5)]), 'taken', 'five times within itself')
  t.equal(await refused(database, [lead('/v1/changes?limit=1000', 6)]), 'source-elsewhere', 'not six times')
  t.equal(await refused(database, [lead(`${source.base()}/v1/changes`)]), 'source-elsewhere', 'nor elsewhere')
  const page: Rule = {
    matches: /\/v1\/changes/,
    alter: (answer) => {
      answer.body = Buffer.from('<html>Welcome</html>')
    },
  }
  const missing: Rule = {
    matches: /\/v1\/changes/,
    alter: (answer) => {
      answer.body = Buffer.from('<html>Not found</html>')
      answer.status = 404
    },
  }
  for (const rule of [page, missing]) t.equal(await refused(database, [rule]), 'source-unknown')
})

t.test('a restored source and another source are refused', async (t) => {
  const path = join(folder, 'qingdan-copy.json')
  const state = await readFile(path, 'utf8')
  const cursor = Buffer.from('["changes",{}]').toString('base64url')
  await writeFile(path, JSON.stringify({ ...JSON.parse(state), cursor }))
  t.equal(await refused(folder, []), 'other-history')
  await writeFile(path, state)
  const other = await openPullSource(t, [trees])
  t.equal(
    await pullFrom(other.base(), { into: folder }).catch((error: { code: string }) => error.code),
    'other-history',
    'its feed refuses the cursor',
  )
  await other.service().stop()
  const work = source.testContext.context.database.work
  const [last] =
    await work`DELETE FROM qingdan.change WHERE position = (SELECT max(position) FROM qingdan.change) RETURNING *`
  await source.restart()
  for (const into of [database, folder]) t.equal(await refused(into, []), 'other-history')
  await work`INSERT INTO qingdan.change ${work(last as Record<string, never>)}`
  await source.restart()
  for (const into of [database, folder]) t.equal(await refused(into, []), 'taken')
})

t.test('a foreign, busy or newer target, or other options, are refused', async (t) => {
  const foreign = await temporaryFolder(t)
  await writeFile(join(foreign, 'thesis.txt'), 'mine')
  t.equal(await refused(foreign, []), 'target-foreign')
  const strange = await emptyDatabase(t)
  await administer(strange, (client) =>
    client.query('CREATE SCHEMA qingdan_copy CREATE TABLE mine (a integer)'),
  )
  t.equal(await refused(strange, []), 'target-foreign')
  await administer(strange, (client) => client.query('DROP TABLE qingdan_copy.mine'))
  t.equal(await refused(strange, []), 'taken', 'an existing empty one is used')

  const sinks = [
    await openFolderSink(folder),
    await openPostgresSink({ url: database, schema: 'qingdan_copy' }),
  ]
  t.equal(await refused(folder, []), 'target-busy')
  const error = await pullFrom(relay.base, { into: database }).catch((one: Error) => one)
  t.match(error, { code: 'target-busy', message: new RegExp(`locked by qingdan pull ${process.pid}`) })
  for (const sink of sinks) await sink.close()

  await administer(database, (client) => client.query('UPDATE qingdan_copy._copy SET form = 2'))
  t.equal(await refused(database, []), 'target-newer')
  await administer(database, (client) => client.query('UPDATE qingdan_copy._copy SET form = 1'))
  for (const options of [{ history: true }, { datasets: ['tree-register'] }, { key: 'qd_x' }]) {
    for (const into of [database, folder]) t.equal(await refused(into, [], options), 'other-question')
  }
  t.equal(await refused(folder, [], { formats: ['csv'] }), 'other-question')
  for (const into of [database, folder]) t.equal(await refused(into, []), 'taken')
})

t.test('the lock of a dead process is taken over', async (t) => {
  const lock = join(folder, '.qingdan-pull/lock')
  // Larger than any process id of Linux.
  await writeFile(lock, JSON.stringify({ host: hostname(), pid: 2 ** 22 + 1, token: 'a' }))
  t.equal(await refused(folder, []), 'taken')
  await writeFile(lock, JSON.stringify({ host: 'another', pid: 1, token: 'a' }))
  t.equal(await refused(folder, []), 'target-busy', 'the lock of another machine only if it is not renewed')
  await rm(lock)
})

t.test('a full target is refused', async (t) => {
  const full = join(await temporaryFolder(t), 'full')
  const scratch = join(full, '.qingdan-pull/scratch')
  await mkdir(scratch, { recursive: true })
  // The kernel reports this device as a full disk.
  await symlink('/dev/full', join(scratch, `tree-register-2024-v${height}.csv.part`))
  t.equal(await refused(full, []), 'target-full')
  await rm(join(scratch, `tree-register-2024-v${height}.csv.part`))
  t.equal(await refused(full, []), 'taken', 'with free space it continues')
  t.same(await differencesInFolder(full, await liveVersions(source.base())), [])
})

t.test('signatures by a trusted key, by another key, and over altered bytes', async (t) => {
  const { publicKey } = await loadServiceKey(source.testContext.context)
  const stranger = await openTestContext(t, { contracts: [trees] })
  const own = await readPublicKey(publicKey)
  const others = await readPublicKey((await loadServiceKey(stranger.context)).publicKey)
  const copy = join(await temporaryFolder(t), 'signed')
  const schema = await emptyDatabase(t)
  for (const into of [copy, schema]) {
    t.equal(await refused(into, [], { trust: [others] }), 'wrong-signature')
    const flip = ({ body }: Relayed) => {
      body.writeUInt8(body.readUInt8(body.length >> 1) ^ 1, body.length >> 1)
    }
    const odd = await refused(into, [{ matches: /bag\.zip$/, alter: flip }], { trust: [own] })
    t.match(odd, /^wrong-(bytes|signature)$/, 'one bit of the bag is changed')
    const broken = [{ matches: /bag\.zip$/, times: 1, cut: 3_000 }]
    relay.rules = broken
    const report = await pullFrom(relay.base, { into, trust: [own], pause: async () => undefined })
    t.match(report, { signedBy: [own.fingerprint], versionsTaken: 1 }, 'also when resumed')
  }
  const live = await liveVersions(source.base())
  t.same(await differencesInFolder(copy, live), [])
  t.same(await differencesInSchema(schema, live), [])
  const { digests } = (await stateOfFolder(copy)) as { digests: [string, string][] }
  const unsigned = (await stateOfFolder(folder)) as { digests: [string, string][] }
  const names = (of: { digests: [string, string][] }) =>
    of.digests.map(([name]) => name).filter((name) => !/withdrawn/.test(name))
  t.same(names({ digests }), names(unsigned), 'the same files as without signatures')
  const codes = (of: { digests: [string, string][] }) =>
    of.digests.filter(([name]) => /contracts|codes/.test(name))
  t.same(codes({ digests }), codes(unsigned))
})
