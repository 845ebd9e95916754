import t from 'tap'
import { ServerError } from '../../src/db/database-error.ts'
import { administer, testDatabase } from '../support/database.ts'

/** Numbered rows, of which one may be wrong; a hundred in a chunk. */
async function* rows(count: number, wrongAt = -1): AsyncGenerator<string> {
  for (let from = 0; from < count; from += 100) {
    let chunk = ''
    for (let n = from; n < Math.min(from + 100, count); n++) chunk += n === wrongAt ? 'Zhang San\n' : `${n}\n`
    yield chunk
  }
}

/** Waits, within a bound, until no backend of a COPY remains in this database. */
async function countBackends(url: string): Promise<number> {
  return administer(url, async (client) => {
    for (let attempt = 0; ; attempt++) {
      const { rows: found } = await client.query<{ n: number }>(`
        SELECT count(*)::int AS n FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'qingdan % copy'`)
      const n = found[0]?.n ?? -1
      if (n === 0 || attempt === 100) return n
      await client.query('SELECT pg_sleep(0.05)')
    }
  })
}

t.test('COPY stores all rows; a rejected row leaves none', async (t) => {
  const { database, url } = await testDatabase(t)
  await database.work`CREATE TABLE staging.p (a int PRIMARY KEY)`
  const statement = 'COPY staging.p FROM STDIN'
  const count = async () => (await database.work`SELECT count(*)::int AS n FROM staging.p`)[0]?.['n']
  for (const wrongAt of [0, 1, 199_999]) {
    const refused = await database.copyFrom(statement, rows(200_000, wrongAt)).catch((error) => error)
    t.type(refused, ServerError)
    t.equal(refused.code, '22P02')
    t.notMatch(`${refused.stack} ${JSON.stringify(refused)}`, /Zhang/)
    t.equal(await count(), 0)
  }
  const duplicate = await database.copyFrom(statement, ['1\n', '1\n'] as never).catch((error) => error)
  t.match(duplicate, { code: '23505', constraint: 'p_pkey', table: 'p' })
  t.equal(await database.copyFrom(statement, rows(100_000)), 100_000)
  t.equal(await count(), 100_000)
  t.equal(await database.copyFrom(statement, rows(0)), 0)
  await t.rejects(database.copyFrom('COPY staging.none FROM STDIN', rows(3)), { code: '42P01' })
  t.equal(await countBackends(url), 0)
})

t.test('a source that fails, is aborted or stops sending ends the COPY', async (t) => {
  const { database, url } = await testDatabase(t)
  await database.work`CREATE TABLE staging.p (a int PRIMARY KEY)`
  const statement = 'COPY staging.p FROM STDIN'
  const failing = async function* () {
    yield* rows(1000)
    throw new Error('The disk was removed.')
  }
  await t.rejects(database.copyFrom(statement, failing()), /The disk was removed/)
  const abort = new AbortController()
  const endless = async function* () {
    for (let n = 0; ; n++) {
      yield `${n}\n`
      if (n === 5_000) abort.abort(new Error('enough'))
    }
  }
  await t.rejects(database.copyFrom(statement, endless(), { signal: abort.signal }), /enough/)
  await t.rejects(database.copyFrom(statement, rows(1), { signal: abort.signal }), /enough/)
  const silent = async function* () {
    // More than the buffers hold, so that the wrong row is sent; then nothing more.
    yield* rows(300_000, 0)
    await new Promise(() => {})
  }
  await t.rejects(database.copyFrom(statement, silent()), { code: '22P02' })
  t.equal(await countBackends(url), 0)
  t.equal(await database.copyFrom(statement, rows(10)), 10)
})

t.test('COPY returns all rows in large chunks', async (t) => {
  const { database, url } = await testDatabase(t)
  await database.work`
    CREATE TABLE published.p AS SELECT n AS a, repeat('x', 90) AS b FROM generate_series(1, 50000) n`
  let bytes = 0
  const sizes: number[] = []
  for await (const chunk of database.copyTo('COPY (SELECT * FROM published.p ORDER BY a) TO STDOUT')) {
    bytes += chunk.length
    sizes.push(chunk.length)
  }
  const [expected] = await database.work`SELECT sum(length(a::text) + 92)::int AS n FROM published.p`
  t.equal(bytes, expected?.['n'])
  t.ok(sizes.slice(0, -1).every((size) => size >= 64 * 1024))
  const some: string[] = []
  const values = { least: "49999' OR true --" }
  const filtered = `COPY (SELECT a FROM published.p
    WHERE a::text = left(current_setting('qingdan.least'), 5)) TO STDOUT`
  for await (const chunk of database.copyTo(filtered, { values })) some.push(Buffer.from(chunk).toString())
  t.same(some, ['49999\n'])
  const staging = database.copyTo('COPY (SELECT 1 FROM staging.p) TO STDOUT')[Symbol.asyncIterator]()
  await t.rejects(staging.next(), { code: '42501' })
  await database.work`CREATE TABLE staging.p (a int)`
  const denied = database.copyTo('COPY (SELECT 1 FROM staging.p) TO STDOUT')[Symbol.asyncIterator]()
  await t.rejects(denied.next(), { code: '42501' }, 'the serving role cannot read staging')
  const allowed = database.copyTo('COPY staging.p TO STDOUT', { role: 'work' })[Symbol.asyncIterator]()
  t.same(await allowed.next(), { done: true, value: undefined })
  t.equal(await countBackends(url), 0)
})

t.test('no backend remains after a reader is slow, ends early or aborts', async (t) => {
  const { database, url } = await testDatabase(t)
  // Far more than the buffers on the way hold, so that the server is stuck in sending.
  const much = `COPY (SELECT repeat('x', 1000) FROM generate_series(1, 200000)) TO STDOUT`
  for await (const chunk of database.copyTo(much)) {
    t.ok(chunk.length > 0)
    break
  }
  t.equal(await countBackends(url), 0, 'ended early')
  const abort = new AbortController()
  const slow = database.copyTo(much, { signal: abort.signal })[Symbol.asyncIterator]()
  await slow.next()
  abort.abort(new Error('aborted here'))
  await t.rejects(slow.next(), /aborted here/)
  t.equal(await countBackends(url), 0, 'aborted')
  const silent = database.copyTo('COPY (SELECT pg_sleep(60)) TO STDOUT')[Symbol.asyncIterator]()
  const pending = silent.next().catch((error: Error) => error.name)
  await administer(url, async (client) => {
    for (;;) {
      const { rowCount } = await client.query(
        `SELECT FROM pg_stat_activity
         WHERE application_name = 'qingdan serve copy' AND wait_event = 'PgSleep'`,
      )
      if (rowCount === 1) return
    }
  })
  await silent.return?.()
  t.equal(await pending, 'AbortError', 'ended while the server sends nothing')
  t.equal(await countBackends(url), 0, 'a backend that sends nothing ends too')
})
