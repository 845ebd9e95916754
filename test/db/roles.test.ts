import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sql } from 'postgres'
import t from 'tap'
import { checkLogins } from '../../src/db/check-logins.ts'
import { type Addresses, inSession } from '../../src/db/connections.ts'
import { withoutValues } from '../../src/db/database-error.ts'
import { findLogins, loginAddresses } from '../../src/db/logins.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import { verifierOf } from '../../src/db/scram.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { administer, emptyDatabase, testDatabase } from '../support/database.ts'

const stateOf = (error: unknown) => (error as { code?: string }).code ?? String(error)

/** The SQLSTATE that each statement ends with, in a transaction that may write. */
async function statesOf(sql: Sql, statements: readonly string[]): Promise<readonly string[]> {
  const states: string[] = []
  for (const statement of statements) {
    const ended = sql.begin('read write', (tx) => tx.unsafe(statement)).then(() => 'allowed', stateOf)
    states.push(`${await ended} ${statement}`)
  }
  return states
}

const refused = (statements: readonly string[]) => statements.map((statement) => `42501 ${statement}`)

t.test('the serving login can only read what is published', async (t) => {
  const { database, url } = await testDatabase(t)
  await database.work`CREATE TABLE published.records_1 AS SELECT 'x' AS a`
  await database.work`CREATE TABLE staging.part_1 AS SELECT 'secret' AS a`
  const owner = decodeURIComponent(new URL(url).username)
  const attempts = [
    'SET ROLE qingdan_work',
    `SET ROLE ${owner}`,
    'SET SESSION AUTHORIZATION qingdan_work',
    `SET SESSION AUTHORIZATION ${owner}`,
    `COPY (SELECT 1) TO PROGRAM 'cat'`,
    `COPY published.records_1 FROM PROGRAM 'echo y'`,
    `COPY (SELECT 1) TO '/tmp/qingdan-never-written'`,
    `SELECT pg_read_file('PG_VERSION')`,
    'SELECT a FROM staging.part_1',
    'COPY staging.part_1 TO STDOUT',
    'SELECT * FROM pgboss.job',
    `INSERT INTO published.records_1 VALUES ('y')`,
    'DELETE FROM published.records_1',
    'DROP TABLE published.records_1',
    'TRUNCATE published.records_1',
    'UPDATE qingdan.note SET value = value',
    'CREATE TABLE published.mine (a text)',
    'CREATE TABLE public.mine (a text)',
    'CREATE SCHEMA mine',
    'CREATE ROLE mine',
    `ALTER ROLE qingdan_work PASSWORD 'mine'`,
    'GRANT qingdan_work TO qingdan_serve',
  ]
  t.same(await statesOf(database.serve, attempts), refused(attempts))
  t.equal(await database.serve.unsafe('ALTER SYSTEM SET jit = off').catch(stateOf), '42501')
  await database.serve.begin(async (tx) => {
    for (const reset of ['RESET ROLE', 'SET ROLE NONE', 'RESET SESSION AUTHORIZATION']) {
      await tx.unsafe(reset)
      const [row] = await tx`SELECT session_user::text AS session, current_user::text AS current`
      t.same(row, { session: 'qingdan_serve', current: 'qingdan_serve' }, `${reset} changes nothing`)
    }
  })
  t.same(await database.serve`SELECT a FROM published.records_1`, [{ a: 'x' }])
})

t.test('the working login has no power over the server', async (t) => {
  const { database, url } = await testDatabase(t)
  const [login] = await database.work`
    SELECT session_user::text AS session, current_user::text AS current, rolsuper, rolcreaterole, rolcreatedb
    FROM pg_roles WHERE rolname = session_user`
  t.same(login, {
    ...{ session: 'qingdan_work', current: 'qingdan_work' },
    ...{ rolsuper: false, rolcreaterole: false, rolcreatedb: false },
  })
  await database.work`CREATE TABLE staging.part_1 (a text)`
  const attempts = [
    `SET ROLE ${decodeURIComponent(new URL(url).username)}`,
    `SET SESSION AUTHORIZATION qingdan_serve`,
    `COPY (SELECT 1) TO PROGRAM 'cat'`,
    `COPY staging.part_1 FROM PROGRAM 'echo y'`,
    `COPY (SELECT 1) TO '/tmp/qingdan-never-written'`,
    `SELECT pg_read_file('PG_VERSION')`,
    'CREATE ROLE mine',
    'CREATE SCHEMA mine',
    'DROP TABLE qingdan.note',
    'DROP SCHEMA staging',
    `ALTER ROLE qingdan_serve PASSWORD 'mine'`,
  ]
  t.same(await statesOf(database.work, attempts), refused(attempts))
  t.equal(await database.work.unsafe('CREATE DATABASE mine').catch(stateOf), '42501')
})

let serial = 0

/** An empty database whose owner is an ordinary role, and names for the two other roles. */
async function ownedDatabase(t: Parameters<typeof emptyDatabase>[0], attributes: string) {
  const url = await emptyDatabase(t)
  const suffix = `${process.pid}_${++serial}`
  const owner = `qingdan_test_owner_${suffix}`
  const names = { work: `qingdan_test_work_${suffix}`, serve: `qingdan_test_serve_${suffix}` }
  const database = new URL(url).pathname.slice(1)
  const run = (...statements: string[]) =>
    administer(url, async (client) => {
      for (const statement of statements) await client.query(statement)
    })
  await run(
    `CREATE ROLE ${owner} LOGIN ${attributes} PASSWORD '${verifierOf('of the test', owner)}'`,
    `ALTER DATABASE ${database} OWNER TO ${owner}`,
  )
  t.teardown(async () => {
    await run(`ALTER DATABASE ${database} OWNER TO CURRENT_USER`)
    for (const role of [names.serve, names.work, `${names.work}_2`, `${names.serve}_2`, owner]) {
      await run(`DROP OWNED BY ${role} CASCADE`, `DROP ROLE ${role}`).catch((error: unknown) => {
        if (stateOf(error) !== '42704') throw error
      })
    }
  })
  const address = loginAddresses(url, 'of the test', { work: owner, serve: owner }).work
  const passwords = (roles: readonly string[]) =>
    administer(url, async (client) => {
      const { rows } = await client.query<{ rolpassword: string }>(
        'SELECT rolpassword FROM pg_authid WHERE rolname = ANY($1) ORDER BY rolname DESC',
        [roles],
      )
      return rows.map(({ rolpassword }) => rolpassword)
    })
  return { owner, names, run, passwords, url: address }
}

const settingsIn = (folder: string) => loadConfig({ QINGDAN_DATA: folder })

/** Opens a database by the addresses of its roles. */
const openBy = ({ owner, work, serve }: Addresses) =>
  openDatabase({
    config: loadConfig({ DATABASE_URL: owner, QINGDAN_WORK_URL: work, QINGDAN_SERVE_URL: serve }),
    observe: () => undefined,
    migrate: true,
  })

t.test('an owner who may create roles creates the logins once, by verifiers', async (t) => {
  const { owner, names, run, passwords, url } = await ownedDatabase(t, 'CREATEROLE')
  const folder = t.testdir({})
  const [addresses, others] = await Promise.all([1, 2].map(() => findLogins(url, settingsIn(folder), names)))
  t.same(addresses, others, 'two starts at once agree')
  const path = join(folder, 'keys', 'database-secret')
  t.equal((await stat(path)).mode & 0o777, 0o600)
  const secret = (await readFile(path, 'utf8')).trim()
  t.same(
    await passwords(Object.values(names)),
    Object.values(names).map((name) => verifierOf(secret, name)),
    'the server received nothing but these',
  )
  await run(`ALTER ROLE ${owner} NOCREATEROLE`)
  t.same(await findLogins(url, settingsIn(folder), names), addresses, 'later starts need no such right')
  const database = await openBy(addresses as Addresses)
  t.teardown(() => database.close())
  await database.work`CREATE TABLE published.records_1 AS SELECT 'x' AS a`
  t.same(await database.serve`SELECT session_user::text AS who, a FROM published.records_1`, [
    { who: names.serve, a: 'x' },
  ])
  t.same(await statesOf(database.serve, ['CREATE TEMPORARY TABLE mine (a text)', `SET ROLE ${names.work}`]), [
    '42501 CREATE TEMPORARY TABLE mine (a text)',
    `42501 SET ROLE ${names.work}`,
  ])
  await inSession(url, 'owner', (session) => session`VACUUM FULL published.records_1`)
  const other = findLogins(url, settingsIn(t.testdir({ other: {} })), names)
  await t.rejects(other, /created it[\s\S]*copy its file[\s\S]*QINGDAN_WORK_URL[\s\S]*NOLOGIN;/)
})

t.test('roles of a former version, without login, get one', async (t) => {
  const { names, run, url, owner } = await ownedDatabase(t, 'CREATEROLE')
  await inSession(url, 'owner', (session) => session.unsafe(`CREATE ROLE ${names.work} NOLOGIN`))
  await inSession(url, 'owner', (session) => session.unsafe(`CREATE ROLE ${names.serve} NOLOGIN`))
  await run(`GRANT ${names.work}, ${names.serve} TO ${owner}`)
  const addresses = await findLogins(url, settingsIn(t.testdir({})), names)
  t.same(await checkLogins(addresses), names)
})

t.test('an owner who may not create roles gets the SQL for an administrator, which is enough', async (t) => {
  const { owner, names, run, url } = await ownedDatabase(t, '')
  const folder = t.testdir({})
  const find = () => findLogins(url, settingsIn(folder), names)
  const refusal = (await find().catch((error: unknown) => error)) as Error
  t.match(refusal.message, `database user ${owner} is not allowed to create the login roles`)
  t.match(refusal.message, 'QINGDAN_SERVE_URL')
  t.equal(withoutValues(refusal), refusal, 'this text is reported')
  t.equal(
    ((await find().catch((error: unknown) => error)) as Error).message,
    refusal.message,
    'the same again',
  )
  const statements = refusal.message.match(/^ {2}.*;$/gm) ?? []
  t.match(statements, [
    /^ {2}CREATE ROLE "qingdan_test_work_.*" LOGIN PASSWORD 'SCRAM-SHA-256\$4096:/,
    /^ {2}CREATE ROLE "qingdan_test_serve_/,
    / TO qingdan_test_owner_/,
  ])
  await run(...statements)
  t.same(await checkLogins(await find()), names)
  await run(`ALTER ROLE ${names.work} NOLOGIN`)
  await t.rejects(find(), /ALTER ROLE "qingdan_test_work_/)
})

t.test('logins with the rights of others are refused, each with its correction', async (t) => {
  const { names, run, url } = await ownedDatabase(t, 'CREATEROLE')
  const addresses = await findLogins(url, settingsIn(t.testdir({})), names)
  await t.rejects(checkLogins({ ...addresses, work: url }), /QINGDAN_WORK_URL must have another user/)
  await t.rejects(checkLogins({ ...addresses, serve: addresses.work }), /must have different users/)
  const wrong = new URL(addresses.serve)
  wrong.password = 'wrong'
  await t.rejects(openBy({ ...addresses, serve: wrong.href }), {
    message: "The login of the role serve is refused or can't be reached (28P01). Check QINGDAN_SERVE_URL.",
  })
  await run(`ALTER ROLE ${names.serve} CREATEDB CREATEROLE`, `GRANT pg_read_all_data TO ${names.serve}`)
  await run(`GRANT pg_monitor TO ${names.work}`)
  await t.rejects(
    openBy(addresses),
    new RegExp(`ALTER ROLE "${names.serve}" NOCREATEROLE NOCREATEDB;\n.*REVOKE "pg_read_all_data" FROM`),
  )
  await run(
    `ALTER ROLE ${names.serve} NOCREATEDB NOCREATEROLE`,
    `REVOKE pg_read_all_data FROM ${names.serve}`,
  )
  t.same(await checkLogins(addresses), names)
  await run(`GRANT ${names.work} TO ${names.serve}`)
  await t.rejects(checkLogins(addresses), new RegExp(`REVOKE "${names.work}" FROM "${names.serve}"`))
  await run(`REVOKE ${names.work} FROM ${names.serve}`)
})

t.test('tables of former roles are handed to the current ones', async (t) => {
  const { owner, names, run, url } = await ownedDatabase(t, 'CREATEROLE')
  const config = settingsIn(t.testdir({}))
  const first = await openBy(await findLogins(url, config, names))
  await first.work`CREATE TABLE published.records_1 AS SELECT 'x' AS a`
  await first.work`CREATE TABLE staging.part_1 AS SELECT 'y' AS a`
  await first.close()
  const others = { work: `${names.work}_2`, serve: `${names.serve}_2` }
  const addresses = await findLogins(url, config, others)
  await run(`REVOKE ${names.work} FROM ${owner} CASCADE`)
  const refusal = (await openBy(addresses).catch((error: unknown) => error)) as Error
  t.match(refusal.message, `ALTER TABLE published.records_1 OWNER TO "${others.work}";`)
  t.equal(withoutValues(refusal), refusal, 'this text is reported')
  await run(`GRANT ${names.work} TO ${owner}`)
  const second = await openBy(addresses)
  t.teardown(() => second.close())
  t.same(await second.serve`SELECT a FROM published.records_1`, [{ a: 'x' }])
  await second.work`DROP TABLE staging.part_1`
})
