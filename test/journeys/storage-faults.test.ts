/**
 * A full or read-only disk, a frozen database and a clock that steps: requests are answered with 507 or 503
 * and Retry-After, /ready within two seconds, nothing incomplete is stored, and nothing is lost or reordered.
 */
import { execFile } from 'node:child_process'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { readChanges } from '../../src/catalogue/index.ts'
import { buildContext, loadAllContracts, openContext } from '../../src/context.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { buildEventLog } from '../../src/platform/log/events.ts'
import { databaseOptions, testDatabase } from '../support/database.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, temporaryFolder, zipOf } from '../support/open-test-context.ts'
import { runCli } from '../support/run-cli.ts'

const trees = contractOf(
  [field('tree', 'string', { role: 'key', constraints: { required: true } })],
  ['tree'],
  { dataset: 'tree-register', themes: ['education'], formats: ['csv', 'json'] },
)
const rowsOf = (tree: string) => ({ dataset: 'tree-register', edition: '2026', rows: `tree\n${tree}\n` })
const log = pino({ level: 'silent' })

/** The address of a database behind a connection that can be frozen, as a stopped server is. */
async function freezable(t: Test, url: string) {
  const sockets = new Set<Socket>()
  let isFrozen = false
  const server = createServer((near) => {
    const far = connect(Number(new URL(url).port), new URL(url).hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy()).on('close', () => to.destroy())
      from.pipe(to)
      if (isFrozen) from.pause()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const relayed = new URL(url)
  relayed.port = String(typeof address === 'object' ? address?.port : '')
  const set = (frozen: boolean) => {
    isFrozen = frozen
    for (const socket of sockets) frozen ? socket.pause() : socket.resume()
  }
  return { url: relayed.href, freeze: () => set(true), thaw: () => set(false) }
}

async function timed(url: string): Promise<{ status: number; seconds: number; retry: string | null }> {
  const began = performance.now()
  const answer = await fetch(url)
  await answer.text()
  const seconds = (performance.now() - began) / 1000
  return { status: answer.status, seconds, retry: answer.headers.get('retry-after') }
}

t.test('a frozen database: /ready says so within 2 s, and waiting requests are answered', async (t) => {
  const { url } = await testDatabase(t)
  const link = await freezable(t, url)
  const config = loadConfig({ QINGDAN_DATA: await temporaryFolder(t), QINGDAN_CACHE_BYTES_MAX: '0' })
  const database = await openDatabase(databaseOptions(link.url))
  const contracts = await loadAllContracts(config)
  const clock = () => new Date()
  const context = await buildContext({ config, contracts, database, clock, ...buildEventLog(log) })
  const app = await buildApp(context)
  context.readiness.ready = true
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(async () => {
    link.thaw()
    await app.close()
    await context.close()
  })
  t.equal((await timed(`${base}/ready`)).status, 200)
  link.freeze()
  const [ready, again, list] = await Promise.all([
    timed(`${base}/ready`),
    timed(`${base}/ready`),
    timed(`${base}/v1/changes`),
  ])
  for (const one of [ready, again]) t.match(one, { status: 503, retry: '5' })
  t.ok(Math.max(ready.seconds, again.seconds) < 2, `${ready.seconds} s`)
  t.match(list, { status: 503, retry: '5' })
  t.ok(list.seconds < 8, `${list.seconds} s`)
  t.equal((await timed(`${base}/health`)).status, 200)
  link.thaw()
  t.equal((await timed(`${base}/v1/changes`)).status, 200)
  t.equal((await timed(`${base}/ready`)).status, 200, 'it recovers by itself')
})

const run = promisify(execFile)

/** Mounts a small disk on a folder until the test ends; false where only root may. */
async function mountSmall(t: Test, folder: string, size: string): Promise<boolean> {
  await mkdir(folder, { recursive: true })
  const options = ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'none', folder]
  const isMounted = await run('mount', options).then(
    () => true,
    () => false,
  )
  if (isMounted) t.teardown(() => run('umount', ['-l', folder]).then(() => undefined))
  return isMounted
}

/** Fills a disk to its last byte. */
async function fill(path: string): Promise<void> {
  for (const size of [1 << 20, 4096, 1]) {
    for (;;) {
      try {
        await writeFile(path, Buffer.alloc(size), { flag: 'a' })
      } catch {
        break
      }
    }
  }
}

t.test(
  'a full or read-only disk: 507 or 503, readers are served, and nothing incomplete stays',
  async (t) => {
    const data = await temporaryFolder(t)
    const disk = join(data, 'var', 'files')
    if (!(await mountSmall(t, disk, '4m'))) {
      t.comment('skipped: only root may mount a small disk')
      return
    }
    const settings = { QINGDAN_DATA: join(data, 'var') }
    const { get, post, key, take, publish, folder } = await openTestContext(t, {
      contracts: [trees],
      settings,
    })
    await take(rowsOf('oak'))
    await publish('tree-register', '2026')
    const { authorization } = await key({ scopes: ['ingest'], provider: 'edu-commission' })
    const zip = await zipOf(folder, rowsOf('ash'))
    t.same((await get('/ready')).json(), { status: 'ok', storage: 'writable' })
    const file = '/v1/datasets/tree-register/editions/2026/versions/1/files/tree-register-2026-v1.csv'
    const wait = () => new Promise((resolve) => setTimeout(resolve, 1_100))

    await fill(join(disk, 'filler'))
    const full = await post('/v1/bundles', zip, authorization)
    t.match(full.headers, { 'retry-after': '60' })
    t.match(full.json(), { status: 507, code: 'storage-full' })
    t.equal((await get(file)).text, 'tree\noak\n', 'readers are served')
    // The state is looked up at most once a second.
    await wait()
    t.same((await get('/ready')).json(), { status: 'ok', storage: 'full' })
    t.same(await readdir(join(disk, '.unfinished')), [], 'no partial file stays')
    await rm(join(disk, 'filler'))

    await run('mount', ['-o', 'remount,ro', disk])
    const fixed = await post('/v1/bundles', zip, authorization)
    t.match(fixed.headers, { 'retry-after': '60' })
    t.match(fixed.json(), { status: 503, code: 'storage-read-only' })
    await wait()
    t.same((await get('/ready')).json(), { status: 'ok', storage: 'read-only' })
    await run('mount', ['-o', 'remount,rw', disk])
    t.equal((await post('/v1/bundles', zip, authorization)).status, 202, 'the same bundle is accepted later')
  },
)

t.test('a start on a full disk says so within 5 s', async (t) => {
  const disk = join(await temporaryFolder(t), 'var')
  if (!(await mountSmall(t, disk, '2m'))) {
    t.comment('skipped: only root may mount a small disk')
    return
  }
  await fill(join(disk, 'filler'))
  const began = performance.now()
  await t.rejects(openContext(loadConfig({ QINGDAN_DATA: disk }), log), {
    message: /can be written to .*: the disk is full/,
    fault: 'full',
  })
  t.ok(performance.now() - began < 5_000)
  t.same((await readdir(disk)).sort(), ['files', 'filler'], 'no database was begun')
  for (const command of ['list', 'serve'])
    t.match(await runCli([command], { QINGDAN_DATA: disk, QINGDAN_PORT: '0' }), {
      code: 1,
      stderr: /the disk is full\.\nThe disk is full: free space/,
    })
})

t.test('a clock that steps by a day loses and reorders nothing', async (t) => {
  const { context, moveTo, take, bring, publish, get } = await openTestContext(t, { contracts: [trees] })
  const text = async () =>
    (await get('/v1/datasets/tree-register/records.csv')).text.split('\n').slice(1).join(' ').trim()
  moveTo('2026-03-03T00:00:00Z')
  await take(rowsOf('first'))
  await publish('tree-register', '2026')
  const { headers } = await get('/v1/datasets/tree-register/records')
  const before = await readChanges(context.database.work, 0)
  moveTo('2026-03-02T00:00:00Z')
  t.equal((await bring(rowsOf('second'))).state, 'staged')
  await publish('tree-register', '2026', { reason: 'received after the clock went back' })
  t.equal(await text(), 'second', 'the bundle that arrived last wins')
  const etag = String(headers['etag'])
  t.equal((await get('/v1/datasets/tree-register/records', { 'if-none-match': etag })).status, 200)
  moveTo('2026-03-04T00:00:00Z')
  await take(rowsOf('third'))
  moveTo('2026-03-02T12:00:00Z')
  await publish('tree-register', '2026', { reason: 'released after the clock went back again' })
  t.equal(await text(), 'third')
  const changes = await readChanges(context.database.work, before.length)
  t.same(
    changes.map(({ position, version }) => [position - before.length, version]),
    [
      [1, 2],
      [2, 3],
    ],
    'the feed has each change once, in the order of release',
  )
})
