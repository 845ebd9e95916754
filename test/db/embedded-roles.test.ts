import { randomUUID } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { joinCluster } from '../../src/db/embedded/cluster.ts'
import { findClusterLocation } from '../../src/db/embedded/location.ts'
import { makeCluster } from '../../src/db/embedded/make-cluster.ts'
import { findPostmaster, startPostmaster, stopPostmaster } from '../../src/db/embedded/postmaster.ts'
import { findPrograms } from '../../src/db/embedded/programs.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import { readSetting, writeSetting } from '../../src/db/settings-store.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { administer } from '../support/database.ts'
import { startNeighbour } from '../support/start-neighbour.ts'

const observe = () => undefined
const stateOf = (error: unknown) => (error as { code?: string }).code ?? String(error)

function dataFolder(t: { readonly teardown: (work: () => Promise<void>) => unknown }): string {
  const folder = join(tmpdir(), `qingdan-embedded-${randomUUID()}`)
  t.teardown(async () => {
    const cluster = join(folder, 'database', 'cluster')
    const postmaster = await findPostmaster(cluster).catch(() => undefined)
    if (postmaster !== undefined) await stopPostmaster(cluster, postmaster)
    await rm(folder, { recursive: true, force: true })
  })
  return folder
}

/** The bootstrap role's address of a database on the server that runs for a folder. */
async function bootstrapUrl(folder: string, database: string): Promise<string> {
  const postmaster = await findPostmaster(join(folder, 'database', 'cluster'))
  const password = (await readFile(join(folder, 'database', 'password'), 'utf8')).trim()
  return `postgres://qingdan:${password}@127.0.0.1:${postmaster?.port}/${database}`
}

const attributes = `
  SELECT rolname AS role, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS power,
    rolcanlogin AS login
  FROM pg_roles WHERE rolname ~ '^qingdan' ORDER BY rolname`

const expectedRoles = [
  { role: 'qingdan', power: true, login: false },
  { role: 'qingdan_owner', power: false, login: true },
  { role: 'qingdan_serve', power: false, login: true },
  { role: 'qingdan_work', power: false, login: true },
]

t.test(
  'in a new cluster nobody can log in as the superuser, and the owner is an ordinary role',
  async (t) => {
    const folder = dataFolder(t)
    const config = loadConfig({ QINGDAN_DATA: folder, QINGDAN_POOL_MAX: '2' })
    const database = await openDatabase({ config, observe })
    t.teardown(() => database.close())
    t.same([...(await database.serve.unsafe(attributes))], expectedRoles)
    const bootstrap = await bootstrapUrl(folder, 'qingdan')
    t.match(await administer(bootstrap, async () => 'logged in').catch(stateOf), /28P01|28000/)
    await database.work`CREATE TABLE published.records_1 AS SELECT 'x' AS a`
    await administer(database.ownerUrl, async (owner) => {
      for (const statement of [
        `COPY (SELECT 1) TO PROGRAM 'cat'`,
        'CREATE ROLE mine',
        'CREATE DATABASE mine',
        'SET ROLE qingdan',
        'SET SESSION AUTHORIZATION qingdan_serve',
        'ALTER SYSTEM SET jit = off',
      ]) {
        t.equal(await owner.query(statement).then(() => 'allowed', stateOf), '42501', statement)
      }
      // What it takes to force erased data out.
      for (const statement of [
        'CHECKPOINT',
        'SELECT pg_switch_wal()',
        'SELECT count(*) FROM pg_ls_waldir()',
        'VACUUM FULL published.records_1',
        'VACUUM FULL qingdan.note',
        'VACUUM FULL pgboss.job',
      ]) {
        t.equal(await owner.query(statement).then(() => 'allowed', stateOf), 'allowed', statement)
      }
    })
    const states = await Promise.all(
      ['SELECT lo_create(0)', `SELECT lo_from_bytea(0, 'x')`, 'CREATE TEMPORARY TABLE mine (a text)'].map(
        (statement) =>
          database.serve.begin('read write', (tx) => tx.unsafe(statement)).then(() => 'allowed', stateOf),
      ),
    )
    t.same(states, ['42501', '42501', '42501'], 'the serving role stores nothing')
    const elsewhere = new URL(database.ownerUrl)
    elsewhere.pathname = '/postgres'
    t.same(
      (
        await administer(elsewhere.href, (owner) =>
          owner.query(`SELECT has_database_privilege('qingdan_serve', 'postgres', 'CONNECT') AS may`),
        )
      ).rows,
      [{ may: false }],
    )
  },
)

/** A data folder as a former version left it: the owner of everything is the superuser `qingdan`. */
async function formerCluster(folder: string): Promise<void> {
  const location = await findClusterLocation(folder, observe)
  const programs = await findPrograms(location.account, location.home)
  const database = join(location.home, 'database')
  await makeCluster({ folder: database, account: location.account, programs, bootstrap: 'qingdan' })
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '' }
  const cluster = join(database, 'cluster')
  const log = join(database, 'database.log')
  await startPostmaster({
    programs,
    account: location.account,
    cluster,
    log,
    settings,
    isPortRequired: false,
  })
  const url = await bootstrapUrl(folder, 'qingdan')
  await administer(await bootstrapUrl(folder, 'postgres'), async (client) => {
    await client.query('CREATE DATABASE qingdan')
    for (const role of ['work', 'serve']) {
      await client.query(`CREATE ROLE qingdan_${role} LOGIN PASSWORD 'of the test'`)
    }
  })
  const loginUrl = (role: string) => {
    const login = new URL(url)
    login.username = `qingdan_${role}`
    login.password = 'of the test'
    return login.href
  }
  const config = loadConfig({
    DATABASE_URL: url,
    QINGDAN_WORK_URL: loginUrl('work'),
    QINGDAN_SERVE_URL: loginUrl('serve'),
    QINGDAN_POOL_MAX: '2',
  })
  const opened = await openDatabase({ config, observe })
  await writeSetting(opened.work, 'former', { kept: true })
  await opened.work`CREATE TABLE published.records_1 AS SELECT 42 AS a`
  await opened.work`CREATE TABLE staging.part_1 AS SELECT 7 AS a`
  await opened.close()
  await administer(url, async (client) => {
    await client.query('ALTER ROLE qingdan_work NOLOGIN PASSWORD NULL')
    await client.query('ALTER ROLE qingdan_serve NOLOGIN PASSWORD NULL')
    await client.query('GRANT qingdan_work, qingdan_serve TO qingdan')
  })
}

t.test('a cluster of a former version is converted once, and again after a crash', async (t) => {
  const folder = dataFolder(t)
  await formerCluster(folder)
  const former = new pg.Client({
    connectionString: await bootstrapUrl(folder, 'qingdan'),
    application_name: 'qingdan lease of a former version',
  })
  await former.connect()
  await t.rejects(joinCluster({ dataFolder: folder, observe }), /earlier version.*Stop it, then start again/)
  await former.query(`SET application_name = 'psql'`)

  // The conversion waits for this table in the middle of its transaction, and is killed there.
  await former.query('BEGIN')
  await former.query('LOCK TABLE pgboss.version IN ACCESS SHARE MODE')
  const { child, ended } = startNeighbour(folder)
  const isWaiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'pgboss.version'::regclass`
  while ((await former.query(isWaiting)).rowCount === 0) await new Promise(setImmediate)
  child.kill('SIGKILL')
  await ended
  await former.query('COMMIT')
  await former.query(`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'qingdan roles'`)
  t.same(
    (await former.query(attributes)).rows,
    [
      { role: 'qingdan', power: true, login: true },
      { role: 'qingdan_serve', power: false, login: false },
      { role: 'qingdan_work', power: false, login: false },
    ],
    'a crash leaves everything as it was',
  )
  await former.end()

  const config = loadConfig({ QINGDAN_DATA: folder, QINGDAN_POOL_MAX: '2' })
  for (const round of ['first', 'second']) {
    const database = await openDatabase({ config, observe })
    t.same([...(await database.serve.unsafe(attributes))], expectedRoles, `${round} start`)
    t.same(await readSetting(database.serve, 'former'), { kept: true })
    t.same(await database.serve`SELECT a FROM published.records_1`, [{ a: 42 }])
    t.same(await database.work`SELECT a FROM staging.part_1`, [{ a: 7 }])
    t.equal(await database.serve`SELECT a FROM staging.part_1`.catch(stateOf), '42501')
    const remaining = await database.serve`
      SELECT relname FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid
      WHERE relowner = 'qingdan'::regrole AND nspname !~ '^(pg_|information_schema)'
      UNION ALL SELECT proname FROM pg_proc JOIN pg_namespace ON pronamespace = pg_namespace.oid
      WHERE proowner = 'qingdan'::regrole AND nspname !~ '^(pg_|information_schema)'
      UNION ALL SELECT typname FROM pg_type JOIN pg_namespace ON typnamespace = pg_namespace.oid
      WHERE typowner = 'qingdan'::regrole AND nspname !~ '^(pg_|information_schema)'
      UNION ALL SELECT nspname FROM pg_namespace
      WHERE nspowner = 'qingdan'::regrole AND nspname !~ '^(pg_|information_schema)'
      UNION ALL SELECT datname FROM pg_database WHERE datname = 'qingdan' AND datdba = 'qingdan'::regrole`
    t.same([...remaining], [], 'nothing belongs to the superuser')
    await database.close()
  }
})

t.test('a password that does not fit is an error that says so', async (t) => {
  const folder = dataFolder(t)
  await (await joinCluster({ dataFolder: folder, observe })).leave()
  await writeFile(join(folder, 'database', 'password'), 'of another backup\n')
  await t.rejects(joinCluster({ dataFolder: folder, observe }), /does not fit the database beside it/)
})
