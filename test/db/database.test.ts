import { sql as drizzleSql } from 'drizzle-orm'
import t from 'tap'
import { ServerError, withoutValues } from '../../src/db/database-error.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import { readSetting, writeSetting } from '../../src/db/settings-store.ts'
import { note } from '../../src/db/tables.ts'
import { administer, databaseOptions, emptyDatabase, testDatabase } from '../support/database.ts'

const states = (error: unknown) => (error as { code?: string }).code

t.test('each role has its grants and no others', async (t) => {
  const { database } = await testDatabase(t)
  const { serve, work, read } = database
  await work`CREATE TABLE published.records_1 (a text)`
  await work`CREATE TABLE staging.part_1 (a text)`
  await work`INSERT INTO published.records_1 VALUES ('x')`
  await work`INSERT INTO staging.part_1 VALUES ('secret')`
  t.same(
    await serve`SELECT a FROM published.records_1`,
    [{ a: 'x' }],
    'the serving role reads tables that the working role creates in published',
  )
  t.same(await read.execute(drizzleSql`SELECT a FROM published.records_1`), [{ a: 'x' }])
  t.same(await serve`SELECT count(*)::int AS n FROM qingdan.key`, [{ n: 0 }], 'keys can be checked')
  for (const statement of [
    'SELECT a FROM staging.part_1',
    'SELECT * FROM pgboss.job',
    'CREATE TABLE published.mine (a text)',
    'CREATE TABLE public.mine (a text)',
  ]) {
    t.match(await serve.unsafe(statement).catch(states), /42501|25006/, statement)
  }
  for (const statement of [
    `INSERT INTO published.records_1 VALUES ('y')`,
    `DELETE FROM qingdan.note`,
    'SELECT a FROM staging.part_1',
    'CREATE SCHEMA mine',
  ]) {
    const written = serve.begin('read write', (tx) => tx.unsafe(statement))
    t.equal(await written.catch(states), '42501', `${statement}, read-only lifted`)
  }
  const [settings] = await serve`
    SELECT current_setting('default_transaction_read_only') AS read_only,
      current_setting('statement_timeout') AS statement,
      current_setting('idle_in_transaction_session_timeout') AS idle, current_user::text AS who`
  t.same(settings, { read_only: 'on', statement: '1min', idle: '1min', who: 'qingdan_serve' })
  t.equal((await work`SELECT current_user::text AS who`)[0]?.['who'], 'qingdan_work')
  t.match(database.serverVersion, /^\d+\.\d+$/)
})

t.test('each client returns values in its own form', async (t) => {
  const { database } = await testDatabase(t)
  await database.work.begin(async (tx) => writeSetting(tx, 'n', { a: [1, 'x', null] }))
  await writeSetting(database.work, 'n', { a: [2] })
  t.same(await readSetting(database.serve, 'n'), { a: [2] })
  t.equal(await readSetting(database.serve, 'none'), undefined)
  t.same(await database.read.select().from(note), [{ name: 'n', value: { a: [2] } }])
  t.same(await database.serve`SELECT 9007199254740993::bigint AS big`, [{ big: '9007199254740993' }])
})

t.test('of three concurrent starts only one migrates', async (t) => {
  const url = await emptyDatabase(t)
  const seen: [string, unknown][] = []
  const open = () =>
    openDatabase({
      ...databaseOptions(url, { observe: (name, facts) => seen.push([name, facts?.['migrations']]) }),
      migrate: true,
    })
  const databases = await Promise.all([open(), open(), open()])
  t.equal(seen.filter(([name]) => name === 'database-migrated').length, 3)
  const [row] = await databases[0].work`SELECT count(*)::int AS n FROM qingdan.change_counter`
  t.same(row, { n: 0 })
  await Promise.all(databases.map((database) => database.close()))
  const applied = await administer(url, (client) => client.query('SELECT FROM drizzle.__drizzle_migrations'))
  t.equal(seen.find(([name]) => name === 'database-migrated')?.[1], applied.rowCount)
  t.ok(Number(applied.rowCount) > 0)
})

t.test('a database of a newer version is rejected', async (t) => {
  const { url } = await testDatabase(t)
  await administer(url, (client) =>
    client.query(`INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('x', 99999999999999)`),
  )
  await t.rejects(openDatabase({ ...databaseOptions(url), migrate: true }), /newer version of the service/)
})

t.test('the error for an unreachable address omits the password', async (t) => {
  const refused = await openDatabase(databaseOptions('postgres://u:hidden@127.0.0.1:1/d')).catch(
    (error) => error,
  )
  t.match(refused, {
    message: "The database at 127.0.0.1:1 can't be reached or refuses the connection: ECONNREFUSED.",
  })
})

t.test('a lock has one holder at a time and ends with its session', async (t) => {
  const { database, url } = await testDatabase(t)
  const order: string[] = []
  let open = () => {}
  const held = new Promise<void>((resolve) => {
    open = resolve
  })
  const first = database.lock('a', async () => {
    order.push('first in')
    await held
    order.push('first out')
    return 1
  })
  while (order.length === 0) await new Promise(setImmediate)
  const second = database.lock('a', async () => order.push('second in'))
  t.equal(await database.lock('b', async () => 'free'), 'free', 'a lock of another name does not wait')
  open()
  t.equal(await first, 1)
  await second
  t.same(order, ['first in', 'first out', 'second in'])
  await t.rejects(
    database.lock('a', async () => {
      throw new Error('mine')
    }),
    /mine/,
  )
  t.equal(await database.lock('a', async () => 'again'), 'again')
  const lost = database.lock('a', async () => {
    const cut = await administer(url, (client) =>
      client.query(`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'qingdan work lock' AND datname = current_database()`),
    )
    t.equal(cut.rowCount, 2, 'its own connection, and one that is kept for the next lock')
  })
  await t.rejects(lost, /lost while its work was running/)
  t.equal(await database.lock('a', async () => 'on a new one'), 'on a new one')
  const sessions = () =>
    administer(url, (client) =>
      client.query(`
        SELECT DISTINCT pid FROM pg_stat_activity
        WHERE application_name = 'qingdan work lock' AND datname = current_database()`),
    )
  const [one] = (await sessions()).rows
  t.equal(await database.lock('b', async () => 'on the same one'), 'on the same one')
  t.same((await sessions()).rows, [one], 'a connection is kept')
})

t.test('errors lose the values that they quote', async (t) => {
  const { database } = await testDatabase(t)
  await database.work`CREATE TABLE staging.p (a int PRIMARY KEY)`
  const quoted = await database.work`INSERT INTO staging.p SELECT 'Zhang San'::text::int`.catch(
    (error) => error,
  )
  t.match(quoted.message, /Zhang San/, 'the server quotes the value')
  const duplicate = await database.work`INSERT INTO staging.p VALUES (42), (42)`.catch((error) => error)
  const wrapped = await database.read
    .insert(note)
    .values({ name: 'Zhang San', value: 1 })
    .catch((error: unknown) => error)
  for (const error of [quoted, duplicate, wrapped]) {
    const clean = withoutValues(error) as ServerError
    t.type(clean, ServerError)
    t.notMatch(`${clean.stack} ${JSON.stringify(clean)}`, /Zhang|42\)/)
  }
  t.match(withoutValues(duplicate), { code: '23505', constraint: 'p_pkey', table: 'p' })
  t.match(withoutValues(wrapped), { code: '25006' })
  const own = new Error('own')
  t.equal(withoutValues(own), own)
})

t.test('a wait for a lock ends with an error when its time is over', async (t) => {
  const { database } = await testDatabase(t)
  const patience = { millisecondsMax: 20, refuse: () => new Error('too busy') }
  await database.lock('one', async () => {
    await t.rejects(
      database.lock('one', async () => 'in', patience),
      { message: 'too busy' },
    )
    t.equal(await database.lock('two', async () => 'in', patience), 'in', 'a lock of another name is free')
  })
  t.equal(await database.lock('one', async () => 'in', patience), 'in')
  await t.rejects(
    database.lock('one', () => Promise.reject(new Error('of the work')), patience),
    { message: 'of the work' },
  )
})
