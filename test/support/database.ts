/**
 * A database of its own for each test file, cloned from a migrated template in one real cluster: the server
 * of TEST_DATABASE_URL, or an embedded one below the system's temporary folder, which a following run uses
 * again.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { type Addresses, roleNames } from '../../src/db/connections.ts'
import type { Database } from '../../src/db/database.ts'
import { joinCluster } from '../../src/db/embedded/cluster.ts'
import { findPostmaster } from '../../src/db/embedded/postmaster.ts'
import { loginAddresses } from '../../src/db/logins.ts'
import { type DatabaseOptions, openDatabase } from '../../src/db/open-database.ts'
import { verifierOf } from '../../src/db/scram.ts'
import { type Config, loadConfig } from '../../src/platform/config.ts'
import type { Observe } from '../../src/platform/log/events.ts'
import { isAlive } from '../../src/platform/process-alive.ts'

/** The members of a tap test that are used here. */
interface Test {
  readonly teardown: (work: () => Promise<void>) => unknown
}

export interface TestDatabase {
  /** The owner's address, for processes that a test starts. */
  readonly url: string
  readonly database: Database
}

/** Options that open a database by its address, with pools small enough for many tests side by side. */
export function databaseOptions(
  url: string,
  { observe = () => undefined, poolMax = 4 }: { readonly observe?: Observe; readonly poolMax?: number } = {},
): DatabaseOptions & { readonly config: Config } {
  const config = loadConfig({ ...databaseEnvironment(url), QINGDAN_POOL_MAX: String(poolMax) })
  return { config, observe, migrate: false }
}

/** The settings by which a process opens a test database under each role. */
export function databaseEnvironment(url: string): Readonly<Record<string, string>> {
  const { work, serve } = addressesOf(url)
  return { DATABASE_URL: url, QINGDAN_WORK_URL: work, QINGDAN_SERVE_URL: serve }
}

/** The roles belong to the whole server, so their passwords follow from that of the server's owner. */
const secretOf = (url: string) => createHash('sha256').update(new URL(url).password).digest('hex')

function addressesOf(url: string): Addresses {
  return loginAddresses(url, secretOf(url))
}

/** Opens a migrated database for the test alone; closed and dropped when the test ends. */
export async function testDatabase(t: Test): Promise<TestDatabase> {
  const { url, drop } = await cloneDatabase(true)
  const database = await openDatabase(databaseOptions(url))
  t.teardown(async () => {
    await database.close()
    await drop()
  })
  return { url, database }
}

/**
 * Creates an empty, unmigrated database for the test alone and returns its address; dropped when the test
 * ends.
 */
export async function emptyDatabase(t: Test): Promise<string> {
  const { url, drop } = await cloneDatabase(false)
  t.teardown(drop)
  return url
}

let clones = 0
let logins: Promise<void> | undefined

async function cloneDatabase(
  isMigrated: boolean,
): Promise<{ readonly url: string; readonly drop: () => Promise<void> }> {
  const server = await joinTestServer()
  const name = `qingdan_test_${process.pid}_${++clones}`
  logins ??= administer(server.url, (client) => prepareLogins(client, secretOf(server.url)))
  await logins
  const template = isMigrated ? await makeTemplate(server.url) : 'template1'
  await administer(server.url, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)
  })
  return {
    url: inDatabase(server.url, name),
    drop: async () => {
      await administer(server.url, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`))
      await server.leave()
    },
  }
}

/**
 * Gives the roles of the server the passwords of tests, once per server: a comment records that. Test files run
 * in parallel, and two changes of a role at once collide.
 */
async function prepareLogins(client: pg.Client, secret: string): Promise<void> {
  const mark = `tests ${createHash('sha256').update(secret).digest('hex').slice(0, 12)}`
  const isPrepared = async () => {
    const { rows } = await client.query<{ mark: string | null }>(
      `SELECT shobj_description(oid, 'pg_authid') AS mark FROM pg_roles WHERE rolname = $1`,
      [roleNames.serve],
    )
    return rows[0]?.mark === mark
  }
  if (await isPrepared()) return
  await client.query('SELECT pg_advisory_lock(4712)')
  if (!(await isPrepared())) {
    for (const role of Object.values(roleNames)) {
      const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role])
      const verb = rowCount === 0 ? 'CREATE' : 'ALTER'
      await client.query(`${verb} ROLE ${role} LOGIN PASSWORD '${verifierOf(secret, role)}'`)
    }
    await client.query(`COMMENT ON ROLE ${roleNames.serve} IS '${mark}'`)
  }
  await client.query('SELECT pg_advisory_unlock(4712)')
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Data of tests may be lost if the machine fails, so nothing waits for the disk; killing only the server
 * loses nothing.
 */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
  checkpoint_timeout: '30min',
  shared_buffers: '256MB',
  max_connections: '300',
} as const

/** Joins the server that tests share. The last process to leave an embedded server stops it. */
export async function joinTestServer(): Promise<{
  /** The address of a superuser. */
  readonly url: string
  readonly leave: () => Promise<void>
}> {
  const address = process.env['TEST_DATABASE_URL']
  if (address !== undefined && address !== '') return { url: address, leave: async () => undefined }
  const name = createHash('sha256').update(`${root} ${process.getuid?.()}`).digest('hex').slice(0, 12)
  const cluster = await joinCluster({
    dataFolder: join(tmpdir(), `qingdan-test-${name}`),
    observe: () => undefined,
    settings,
    ownerAttribute: 'SUPERUSER',
  })
  return { leave: cluster.leave, url: inDatabase(cluster.addresses.owner, 'postgres') }
}

/**
 * Stops embedded servers left by test runs that were killed: those below the system's temporary folder that
 * no process uses. Joining such a server and leaving it as the last one stops it.
 */
export async function stopAbandonedServers(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith('qingdan-'))
  const folders = names.flatMap((name) => [join(tmpdir(), name), join(tmpdir(), name, 'var')])
  for (const dataFolder of folders) {
    const database = join(dataFolder, 'database')
    const postmaster = await findPostmaster(join(database, 'cluster')).catch(() => undefined)
    if (postmaster?.ready !== true) continue
    const clone = await readFile(join(database, 'clone'), 'utf8').catch(() => '')
    if (clone === '') continue
    // A server that stops by itself meanwhile, or that belongs to another account, is left alone.
    const joined = joinCluster({ dataFolder, clone: clone.trim(), observe: () => undefined, settings })
    await joined.then(({ leave }) => leave()).catch(() => undefined)
  }
}

/** Drops the databases of test processes that were killed, and templates of other days. */
export async function dropLeftovers(url: string): Promise<void> {
  const current = await templateName()
  await administer(url, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      `SELECT datname FROM pg_database WHERE datname ~ '^qingdan_(test|template)_'`,
    )
    for (const { datname } of rows) {
      const pid = Number(/^qingdan_test_(\d+)_/.exec(datname)?.[1] ?? 0)
      if (datname === current || (pid > 0 && isAlive(pid))) continue
      await client.query(`DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`)
    }
  })
}

/** One template per content of what creates it: the migrations and the module that runs them. */
async function templateName(): Promise<string> {
  const hash = createHash('sha256')
  for (const folder of ['drizzle', 'src/db']) {
    const entries = await readdir(join(root, folder), { withFileTypes: true, recursive: true })
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    for (const file of files.sort()) hash.update(await readFile(file))
  }
  return `qingdan_template_${hash.digest('hex').slice(0, 12)}`
}

let template: Promise<string> | undefined

function makeTemplate(url: string): Promise<string> {
  template ??= templateName().then(async (name) => {
    await administer(url, async (client) => {
      // Test files run in parallel: the first creates it, the others wait. An incomplete template never has
      // the final name.
      await client.query('SELECT pg_advisory_lock(4711)')
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
      if (rowCount === 1) return
      await client.query(`DROP DATABASE IF EXISTS ${name}_new WITH (FORCE)`)
      await client.query(`CREATE DATABASE ${name}_new`)
      const options = databaseOptions(inDatabase(url, `${name}_new`))
      await (await openDatabase({ ...options, migrate: true })).close()
      await client.query(`ALTER DATABASE ${name}_new RENAME TO ${name}`)
    })
    return name
  })
  return template
}

function inDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}

/** A session on the server's maintenance database. */
export async function administer<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
