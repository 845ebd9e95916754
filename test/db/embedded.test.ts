import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import root from 'tap'
import { type Cluster, joinCluster, leaseKey } from '../../src/db/embedded/cluster.ts'
import { findPostmaster, trimLog } from '../../src/db/embedded/postmaster.ts'
import { openJobs } from '../../src/db/jobs/open-jobs.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import { readSetting, writeSetting } from '../../src/db/settings-store.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { administer } from '../support/database.ts'
import { startNeighbour } from '../support/start-neighbour.ts'

const observe = () => undefined

/** A data folder that every account can reach; at the end, its server is stopped and it is removed. */
function dataFolder(t: { readonly teardown: (work: () => Promise<void>) => unknown }): string {
  // A long name on purpose: the path of a socket in it would be too long.
  const folder = join(tmpdir(), `qingdan-embedded-${randomUUID()}`, 'a-folder-with-a-long-name'.repeat(4))
  t.teardown(async () => {
    const pid = await running(folder)
    if (pid !== undefined) process.kill(pid, 'SIGQUIT')
    while (await running(folder)) await new Promise(setImmediate)
    await rm(join(folder, '..'), { recursive: true, force: true })
  })
  return folder
}

let made: Promise<string> | undefined

/** As `dataFolder`, with a cluster that has stopped: a copy, because creating one takes over a second. */
async function clusterFolder(t: Parameters<typeof dataFolder>[0]): Promise<string> {
  made ??= (async () => {
    const folder = dataFolder(root)
    await (await joinCluster({ dataFolder: folder, observe })).leave()
    return folder
  })()
  const folder = dataFolder(t)
  await mkdir(dirname(folder), { recursive: true })
  // With its owner: as root, the server runs under another account.
  await once(spawn('cp', ['-a', await made, folder]), 'exit')
  return folder
}

async function running(folder: string): Promise<number | undefined> {
  const cluster = join(folder, 'database', 'cluster')
  const exists = await stat(cluster).catch(() => undefined)
  return exists && (await findPostmaster(cluster))?.pid
}

const count = async ({ addresses }: Cluster) =>
  administer(addresses.owner, async (client) =>
    Number((await client.query('SELECT sum(a) AS n FROM sample')).rows[0].n),
  )

/** The result of an operation that fails while the server is being started. */
async function until<T>(operation: () => PromiseLike<T>): Promise<T> {
  for (;;) {
    try {
      return await operation()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

interface OtherProcess {
  readonly child: ChildProcess
  readonly url: string
  readonly end: () => Promise<void>
}

/** Another process that joins the cluster of a folder, and leaves when its input ends. */
async function startOtherProcess(folder: string, clone?: string): Promise<OtherProcess> {
  const { child, ended } = startNeighbour(folder, clone)
  assert.ok(child.stdin && child.stdout)
  const { stdin, stdout } = child
  const [url] = (await once(createInterface(stdout), 'line')) as [string]
  return {
    child,
    url,
    end: async () => {
      stdin.end()
      await ended
    },
  }
}

root.test('a first start creates a cluster that only its owner can access', async (t) => {
  const folder = dataFolder(t)
  const cluster = await joinCluster({ dataFolder: folder, observe })
  const home = join(folder, 'database')
  t.equal((await stat(join(home, 'password'))).mode & 0o777, 0o600)
  t.equal((await stat(join(home, 'cluster'))).mode & 0o777, 0o700)
  t.same((await readdir(folder)).sort(), ['database'], 'no other file remains')
  t.same((await readdir(home)).sort(), ['clone', 'cluster', 'database.log', 'password', 'version'])
  const settings = await administer(cluster.addresses.owner, async (client) => {
    const { rows } = await client.query<{ name: string; setting: string }>(
      `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'listen_addresses',
        'unix_socket_directories',
        'server_encoding', 'log_min_messages', 'log_error_verbosity', 'log_min_error_statement', 'TimeZone')`,
    )
    return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))
  })
  t.same(settings, {
    fsync: 'on',
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    server_encoding: 'UTF8',
    log_min_messages: 'log',
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    TimeZone: 'UTC',
  })
  const stranger = new URL(cluster.addresses.owner)
  for (const password of ['', 'qingdan', 'postgres']) {
    stranger.password = password
    await t.rejects(administer(stranger.href, (client) => client.query('SELECT 1')))
  }
  await t.rejects(
    administer(cluster.addresses.owner, (client) => client.query(`SELECT 'Zhang San'::int`)),
    /Zhang San/,
  )
  t.notMatch(await readFile(join(home, 'database.log'), 'utf8'), /Zhang|SELECT/)
  await cluster.leave()
  t.equal(await running(folder), undefined, 'the last process to leave stops it')
})

root.test('the last process to leave stops the server, whichever started it', async (t) => {
  const folder = await clusterFolder(t)
  const other = await startOtherProcess(folder)
  const ours = await joinCluster({ dataFolder: folder, observe })
  t.equal(ours.addresses.owner, other.url, 'one server')
  const pid = await running(folder)
  await other.end()
  t.equal(await running(folder), pid, 'it outlives the process that started it')
  t.equal((await administer(ours.addresses.owner, (client) => client.query('SELECT 1'))).rowCount, 1)
  const next = await startOtherProcess(folder)
  await ours.leave()
  t.equal(await running(folder), pid)
  await next.end()
  t.equal(await running(folder), undefined)
})

root.test('five concurrent first starts create one cluster', async (t) => {
  const folder = dataFolder(t)
  const here = () => joinCluster({ dataFolder: folder, observe })
  const there = () => startOtherProcess(folder)
  const [first, second, third, ...others] = await Promise.all([here(), here(), here(), there(), there()])
  const clusters = [first, second, third]
  const urls = [...clusters.map(({ addresses }) => addresses.owner), ...others.map(({ url }) => url)]
  t.equal(new Set(urls).size, 1)
  t.same((await readdir(folder)).sort(), ['database'])
  await Promise.all([...clusters.map((cluster) => cluster.leave()), ...others.map((other) => other.end())])
  t.equal(await running(folder), undefined)
})

root.test('a process that joins while another leaves gets a running server', async (t) => {
  const folder = await clusterFolder(t)
  let current = await joinCluster({ dataFolder: folder, observe })
  await administer(current.addresses.owner, (client) => client.query('CREATE TABLE sample AS SELECT 0 AS a'))
  for (let round = 1; round <= 4; round++) {
    const [next] = await Promise.all([joinCluster({ dataFolder: folder, observe }), current.leave()])
    await administer(next.addresses.owner, (client) => client.query('INSERT INTO sample VALUES (1)'))
    t.equal(await count(next), round)
    current = next
  }
  await current.leave()
  t.equal(await running(folder), undefined)
})

root.test('a lease that is granted by a server being stopped is taken again', async (t) => {
  const folder = await clusterFolder(t)
  for (const milliseconds of [0, 0.2, 0.5, 1]) {
    // A server without a lease.
    const other = await startOtherProcess(folder)
    other.child.kill('SIGKILL')
    await once(other.child, 'exit')
    const url = Object.assign(new URL(other.url), { pathname: '/postgres' }).href
    const joined = await administer(url, async (client) => {
      await client.query(`SELECT pg_advisory_lock(${leaseKey})`)
      const joining = joinCluster({ dataFolder: folder, observe })
      const waits = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`
      const waiting = await until(async () => Number((await client.query(waits)).rows[0].pid))
      // As in a shutdown: whoever waits gets the lock, and is disconnected a moment later.
      await client.query(`SELECT pg_advisory_unlock(${leaseKey}), pg_sleep(${milliseconds / 1_000}),
        pg_terminate_backend(${waiting})`)
      return joining
    })
    t.ok(await running(folder))
    await joined.leave()
  }
})

root.test('after SIGKILL of its process the server is used by the next, with all data', async (t) => {
  const folder = await clusterFolder(t)
  const other = await startOtherProcess(folder)
  await administer(other.url, (client) => client.query('CREATE TABLE sample AS SELECT 42 AS a'))
  const pid = await running(folder)
  other.child.kill('SIGKILL')
  await once(other.child, 'exit')
  t.equal(await running(folder), pid, 'the server still runs')
  const next = await joinCluster({ dataFolder: folder, observe })
  t.equal(await running(folder), pid, 'the next process uses it')
  t.equal(await count(next), 42)
  await next.leave()
  t.equal(await running(folder), undefined, 'the last process stops it')
})

root.test('if the server is killed or stopped, its processes find a new one at the same port', async (t) => {
  const folder = await clusterFolder(t)
  const cluster = await joinCluster({ dataFolder: folder, observe })
  await administer(cluster.addresses.owner, (client) => client.query('CREATE TABLE sample AS SELECT 42 AS a'))
  let found = await running(folder)
  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    const former = found
    t.ok(former)
    process.kill(Number(former), signal)
    while (found === undefined || found === former) found = await running(folder)
    const next = await joinCluster({ dataFolder: folder, observe })
    t.equal(next.addresses.owner, cluster.addresses.owner, signal)
    t.equal(await count(next), 42)
    await next.leave()
  }
  t.equal(await running(folder), found, 'its first process holds a lease again')
  await cluster.leave()
  t.equal(await running(folder), undefined)
})

root.test('a database that comes back at another port is used there', async (t) => {
  const folder = await clusterFolder(t)
  const config = loadConfig({ QINGDAN_DATA: folder, QINGDAN_POOL_MAX: '2' })
  const database = await openDatabase({ config, observe })
  const jobs = await openJobs({ database, observe, pollSeconds: 0.1 })
  t.teardown(async () => {
    await jobs.stop({ seconds: 1 })
    await database.close()
  })
  const isListening = database.subscribe(() => undefined)
  const { serve, work } = database
  await Promise.all([serve`SELECT 1`, work`SELECT 1`, database.responds(5_000)])
  const [former, pid] = [database.workUrl, await running(folder)]
  const other = await startOtherProcess(folder)
  // Where a server that is started again looks for its former port.
  const pidFile = join(folder, 'database', 'cluster', 'postmaster.pid')
  const lines = (await readFile(pidFile, 'utf8')).split('\n')
  const port = await freePort()
  await writeFile(pidFile, lines.with(3, String(port)).join('\n'))
  process.kill(Number(pid), 'SIGKILL')
  while (!database.workUrl.includes(`:${port}/`)) await new Promise(setImmediate)
  t.not(database.workUrl, former)
  await other.end()
  t.equal(await until(() => database.responds(5_000)), true)
  const queries = [serve, work].map((sql) => until(() => sql`SELECT inet_server_port() AS port`))
  t.match(await Promise.all(queries), [[{ port }], [{ port }]])
  t.equal(await database.lock('a lock', async () => 'held'), 'held')
  t.equal(await until(async () => isListening() || Promise.reject(new Error('not yet'))), true)
  const done = new Promise((resolve) => void jobs.work('moved', async (data) => resolve(data)))
  await work.begin((tx) => jobs.send(tx, 'moved', { n: 1 }))
  t.same(await done, { n: 1 })
})

root.test('a port that another program has taken is given up', async (t) => {
  const folder = await clusterFolder(t)
  const first = await joinCluster({ dataFolder: folder, observe })
  const port = Number(new URL(first.addresses.owner).port)
  await first.leave()
  const occupied = createServer().listen(port, '127.0.0.1')
  await once(occupied, 'listening')
  t.teardown(() => void occupied.close())
  const next = await joinCluster({ dataFolder: folder, observe })
  t.not(Number(new URL(next.addresses.owner).port), port)
  t.equal((await administer(next.addresses.owner, (client) => client.query('SELECT 1'))).rowCount, 1)
  await next.leave()
})

root.test('a pid file with the pid of an unrelated process does not block a start', async (t) => {
  const folder = await clusterFolder(t)
  const first = await joinCluster({ dataFolder: folder, observe })
  const pidFile = join(folder, 'database', 'cluster', 'postmaster.pid')
  const lines = (await readFile(pidFile, 'utf8')).split('\n')
  await first.leave()
  for (const pid of [process.pid, process.ppid, 2147483646]) {
    await writeFile(pidFile, [String(pid), ...lines.slice(1)].join('\n'))
    const next = await joinCluster({ dataFolder: folder, observe })
    t.not(await running(folder), pid)
    t.equal(new URL(next.addresses.owner).port, lines[3], 'the former port is used again')
    await next.leave()
  }
})

root.test('leftovers of a killed first start are removed', async (t) => {
  const folder = dataFolder(t)
  await mkdir(join(folder, 'database.tmp-2147483646-x', 'cluster'), { recursive: true })
  await mkdir(join(folder, `database.tmp-${process.pid}-x`), { recursive: true })
  await (await joinCluster({ dataFolder: folder, observe })).leave()
  t.same((await readdir(folder)).sort(), ['database', `database.tmp-${process.pid}-x`])
})

root.test('a folder in use by another clone is rejected until that clone has ended', async (t) => {
  const folder = await clusterFolder(t)
  const other = await startOtherProcess(folder, '/srv/other-clone')
  const refused = joinCluster({ dataFolder: folder, observe })
  await t.rejects(refused, /in use by \/srv\/other-clone\..*QINGDAN_DATA/)
  t.ok(await running(folder), 'the other clone is not disturbed')
  await other.end()
  await (await joinCluster({ dataFolder: folder, observe })).leave()
  t.equal(
    await readFile(join(folder, 'database', 'clone'), 'utf8'),
    `${fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')}\n`,
  )
})

root.test('a database of another major version is rejected, and the error names it', async (t) => {
  const folder = await clusterFolder(t)
  await (await joinCluster({ dataFolder: folder, observe })).leave()
  await writeFile(join(folder, 'database', 'version'), '17\n')
  await t.rejects(
    joinCluster({ dataFolder: folder, observe }),
    /written by PostgreSQL 17, .* contains 18\.\d/,
  )
})

root.test('a copy of a running data folder starts its own server', async (t) => {
  const folder = await clusterFolder(t)
  const copied = dataFolder(t)
  const cluster = await joinCluster({ dataFolder: folder, observe })
  await administer(cluster.addresses.owner, (client) => client.query('CREATE TABLE sample AS SELECT 42 AS a'))
  await administer(cluster.addresses.owner, (client) => client.query('CHECKPOINT'))
  await cp(folder, copied, { recursive: true })
  if (process.getuid?.() === 0) {
    const { uid, gid } = await stat(join(folder, 'database', 'cluster'))
    const chowned = spawn('chown', ['-R', `${uid}:${gid}`, join(copied, 'database', 'cluster')])
    await once(chowned, 'exit')
  }
  const other = await joinCluster({ dataFolder: copied, observe })
  t.not(other.addresses.owner, cluster.addresses.owner)
  t.not(await running(copied), await running(folder))
  t.equal(await count(other), 42)
  await other.leave()
  await cluster.leave()
})

root.test('a log that is too long is emptied', async (t) => {
  const log = join(t.testdir({ log: 'a line\n' }), 'log')
  await trimLog(log)
  t.equal(await readFile(log, 'utf8'), 'a line\n')
  await truncate(log, 5 * 1024 * 1024)
  await trimLog(log)
  t.equal((await stat(log)).size, 0)
})

root.test('the database can be closed and opened again', async (t) => {
  const folder = dataFolder(t)
  const seen: string[] = []
  const config = loadConfig({ QINGDAN_DATA: folder, QINGDAN_POOL_MAX: '2' })
  const first = await openDatabase({ config, observe: (name) => seen.push(name) })
  await writeSetting(first.work, 'samples', { done: 3 })
  await first.close()
  t.equal(await running(folder), undefined)
  const second = await openDatabase({ config, observe: (name) => seen.push(name) })
  t.same(await readSetting(second.serve, 'samples'), { done: 3 })
  t.match(second.serverVersion, /^18\./)
  await second.close()
  t.same(seen, ['database-started', 'database-migrated', 'database-started', 'database-migrated'])
})
