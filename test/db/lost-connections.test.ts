/**
 * Clients whose server goes away and returns: each statement fails with an error that its caller gets, nothing else
 * of the process does, and the pool works again afterwards.
 */
import t from 'tap'
import { openConnection, openSql } from '../../src/db/connections.ts'
import type { Transaction } from '../../src/db/database.ts'
import { isDatabaseUnavailable } from '../../src/db/database-error.ts'
import { bossOver, openBossSql } from '../../src/db/jobs/pg-boss-adapter.ts'
import { databaseEnvironment, emptyDatabase } from '../support/database.ts'
import { doorTo } from '../support/door.ts'

const unavailable = (statement: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(statement).then(
    () => 'it succeeded',
    (error: unknown) => isDatabaseUnavailable(error) || error,
  )

t.test('a transaction that loses its connection runs nothing more, and gives it back', async (t) => {
  const url = await emptyDatabase(t)
  const door = await doorTo(t, url)
  const sql = openSql(() => door.url, 'owner', 1)
  t.teardown(() => sql.end({ timeout: 0 }))
  await sql`CREATE TABLE kept (n int)`
  const run = async (tx: Transaction) => {
    await tx`INSERT INTO kept VALUES (1)`
    const running = unavailable(tx`SELECT pg_sleep(60)`)
    const queued = unavailable(tx`INSERT INTO kept VALUES (2)`)
    await door.close()
    t.same(await Promise.all([running, queued]), [true, true])
    await door.open()
    // Another statement opens the connection again; this transaction must not use it.
    t.same([...(await sql`SELECT count(*)::int AS n FROM kept`)], [{ n: 0 }])
    t.equal(await unavailable(tx`INSERT INTO kept VALUES (3)`), true)
  }
  let ended: Promise<void> | undefined
  const lost = sql.begin((tx) => {
    ended = run(tx)
    return ended
  })
  t.equal(await unavailable(lost), true)
  await ended
  await sql.begin((tx) => tx`INSERT INTO kept VALUES (4)`)
  t.same([...(await sql`SELECT n FROM kept`)], [{ n: 4 }])
})

t.test('statements under way fail, and the pool works when the server is back', async (t) => {
  const url = await emptyDatabase(t)
  const door = await doorTo(t, url)
  const sql = openSql(() => door.url, 'owner', 3)
  t.teardown(() => sql.end({ timeout: 0 }))
  const long = 'x'.repeat(2_000)
  for (let round = 0; round < 2; round += 1) {
    await Promise.all([1, 2, 3].map(() => sql`SELECT 1`))
    const statements = Array.from({ length: 12 }, () => sql`SELECT ${long}::text AS x, pg_sleep(60)`)
    const outcomes = Promise.all(statements.map(unavailable))
    await door.close()
    t.same(new Set(await outcomes), new Set([true]))
    await door.open()
  }
  const began = performance.now()
  t.equal((await sql`SELECT 1 AS one`)[0]?.['one'], 1)
  t.ok(performance.now() - began < 5_000, 'without a long wait')
})

t.test('a connection lost while the types of arrays are read fails its statement only', async (t) => {
  const url = await emptyDatabase(t)
  const door = await doorTo(t, url)
  const sql = openSql(() => door.url, 'owner', 1)
  t.teardown(() => sql.end({ timeout: 0 }))
  door.closeAt('typarray')
  t.equal(await unavailable(sql`SELECT 1`), true)
  t.equal(await unavailable(sql`SELECT 1`), true, 'refused')
  await door.open()
  t.same((await sql`SELECT ARRAY['a', 'b'] AS both`)[0]?.['both'], ['a', 'b'])
})

t.test('the errors of pg say that the database is unavailable', async (t) => {
  const { QINGDAN_WORK_URL: url = '' } = databaseEnvironment(await emptyDatabase(t))
  const door = await doorTo(t, url)
  const client = await openConnection(door.url, 'work', 'test')
  const running = unavailable(client.query('SELECT pg_sleep(60)'))
  await door.close()
  t.equal(await running, true)
  t.equal(await unavailable(client.query('SELECT 1')), true, 'after the loss')
  await client.end()
  t.equal(await unavailable(client.query('SELECT 1')), true, 'after the end')
  t.equal(await unavailable(openConnection(door.url, 'work', 'test')), true, 'refused')
})

t.test('a script of the job queue is one transaction, and needs no connection of its own', async (t) => {
  const url = await emptyDatabase(t)
  const door = await doorTo(t, url)
  const sql = openBossSql(() => door.url, 1)
  t.teardown(() => sql.end({ timeout: 0 }))
  const executeSql = (text: string) => bossOver(sql).executeSql(text, [])
  await executeSql('CREATE TABLE kept (n int)')
  await t.rejects(executeSql('\n BEGIN;\n INSERT INTO kept VALUES (1);\n SELECT 1 / 0;\n COMMIT;\n'))
  await executeSql(`BEGIN; SET LOCAL lock_timeout = '7s'; INSERT INTO kept VALUES (2); COMMIT;`)
  await door.close()
  for (let n = 0; n < 3; n += 1) t.equal(await unavailable(executeSql('BEGIN; SELECT 1; COMMIT;')), true)
  await door.open()
  t.same((await executeSql('SELECT n FROM kept')).rows, [{ n: 2 }])
  t.match((await executeSql('SHOW lock_timeout')).rows, [{ lock_timeout: '0' }])
})
