import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import type { Database } from '../../src/db/database.ts'
import type { Jobs, JobsOptions } from '../../src/db/jobs/jobs.ts'
import { openJobs } from '../../src/db/jobs/open-jobs.ts'
import { openBossSql } from '../../src/db/jobs/pg-boss-adapter.ts'
import { returnOrphans } from '../../src/db/jobs/presence.ts'
import { testDatabase } from '../support/database.ts'
import { program } from '../support/program.ts'

const quick = { pollSeconds: 0.5, expireSeconds: 2 } as const

interface Open {
  readonly jobs: Jobs
  readonly failures: { readonly job: unknown; readonly message: string; readonly count?: unknown }[]
}

async function open(database: Database, options: JobsOptions = quick): Promise<Open> {
  const failures: { job: unknown; message: string; count?: unknown }[] = []
  const jobs = await openJobs({
    database,
    ...options,
    observe: (_name, facts) =>
      failures.push({
        job: facts?.['job'],
        message: String((facts?.['error'] as Error | undefined)?.message),
        ...(facts?.['count'] === undefined ? {} : { count: facts['count'] }),
      }),
  })
  return { jobs, failures }
}

/** A promise and the function that resolves it. */
function signal<T = void>(): { readonly happened: Promise<T>; readonly happen: (value: T) => void } {
  let happen: (value: T) => void = () => {}
  const happened = new Promise<T>((resolve) => {
    happen = resolve
  })
  return { happened, happen }
}

const states = (database: Database) =>
  database.work`SELECT state::text, data FROM pgboss.job ORDER BY data ->> 'n'`.then((rows) => [...rows])

t.test('a job exists if and only if its transaction commits', async (t) => {
  const { database } = await testDatabase(t)
  const { jobs, failures } = await open(database)
  const rolledBack = database.work.begin(async (tx) => {
    await jobs.send(tx, 'greet', { n: 0 })
    throw new Error('changed our mind')
  })
  await t.rejects(rolledBack, /changed our mind/)
  t.same(await states(database), [])
  const done = signal<unknown>()
  await database.work.begin(async (tx) => {
    await jobs.send(tx, 'greet', { n: 1, text: '清单', list: [1, null], deep: { a: true } })
    t.same(await states(database), [], 'it is not visible before the commit')
  })
  await jobs.work('greet', async (data) => done.happen(data))
  t.same(await done.happened, { n: 1, text: '清单', list: [1, null], deep: { a: true } })
  await jobs.stop({ seconds: 10 })
  t.match(await states(database), [{ state: 'completed' }])
  t.same(failures, [])
})

t.test('a job for later is not delivered before its time', async (t) => {
  const { database } = await testDatabase(t)
  const { jobs } = await open(database)
  await database.work.begin(async (tx) => {
    await jobs.send(tx, 'greet', { n: 'later' }, { notBefore: new Date(Date.now() + 3_600_000) })
    await jobs.send(tx, 'greet', { n: 'in an hour' }, { afterSeconds: 3_600 })
    await jobs.send(tx, 'greet', { n: 'now' }, { notBefore: new Date(Date.now() - 1000) })
  })
  const done = signal<unknown>()
  await jobs.work('greet', async (data) => done.happen(data))
  t.same(await done.happened, { n: 'now' })
  await jobs.stop({ seconds: 10 })
  t.same(
    (await states(database)).map(({ state }) => state),
    ['created', 'created', 'completed'],
    'later, in an hour, now',
  )
})

t.test('a failed job is logged without values and retried', async (t) => {
  const { database } = await testDatabase(t)
  const { jobs, failures } = await open(database)
  await database.work.begin((tx) => jobs.send(tx, 'fragile', {}))
  const done = signal()
  let tries = 0
  await jobs.work('fragile', async () => {
    tries += 1
    if (tries === 1) await database.work`SELECT 'Zhang San'::text::int`
    done.happen()
  })
  await done.happened
  await jobs.stop({ seconds: 10 })
  t.equal(tries, 2)
  t.same(failures, [
    {
      job: 'fragile',
      message: 'The database rejected a statement: a value does not fit its type (SQLSTATE 22P02).',
    },
  ])
  const stored = await database.work`SELECT row_to_json(j)::text AS all FROM pgboss.job j`
  t.notMatch(stored[0]?.['all'], /Zhang/)
})

t.test('a long job is not delivered twice while its worker is alive', async (t) => {
  const { database } = await testDatabase(t)
  const first = await open(database, { pollSeconds: 0.5, expireSeconds: 1 })
  const second = await open(database, { pollSeconds: 0.5, expireSeconds: 1 })
  await database.work.begin((tx) => first.jobs.send(tx, 'long', {}))
  let deliveries = 0
  const done = signal()
  const handler = async (_data: unknown, abort: AbortSignal) => {
    deliveries += 1
    // The lease is renewed three times within its length: nine renewals are three leases.
    const seen = new Set<string>()
    while (seen.size <= 9) {
      const [row] = await database.work<{ at: string }[]>`
        SELECT started_on::text AS at, pg_sleep(0.05) FROM pgboss.job WHERE name = 'long'`
      seen.add(row?.at ?? '')
    }
    t.notOk(abort.aborted)
    done.happen()
  }
  await first.jobs.work('long', handler)
  await second.jobs.work('long', handler)
  await done.happened
  await Promise.all([first.jobs.stop({ seconds: 10 }), second.jobs.stop({ seconds: 10 })])
  t.equal(deliveries, 1)
  t.match(await states(database), [{ state: 'completed' }])
})

t.test(
  'a job whose worker lives is not returned, and one without retries left waits for its lease',
  async (t) => {
    const { database } = await testDatabase(t)
    const { jobs } = await open(database, {})
    const sql = openBossSql(() => database.ownerUrl, 1)
    t.teardown(() => sql.end())
    const old = () => sql`UPDATE pgboss.job SET started_on = now() - interval '3 seconds'`
    const [begun, finish] = [signal(), signal()]
    await database.work.begin((tx) => jobs.send(tx, 'alive', { n: 1 }))
    await jobs.work('alive', async () => {
      begun.happen()
      await finish.happened
    })
    await begun.happened
    await old()
    t.equal(await returnOrphans(sql), 0, 'its session holds the lock')
    finish.happen()
    await jobs.stop({ seconds: 10 })
    await sql`UPDATE pgboss.job SET state = 'active', started_on = now()`
    t.equal(await returnOrphans(sql), 0, 'too young')
    await old()
    await sql`UPDATE pgboss.job SET retry_count = retry_limit`
    t.equal(await returnOrphans(sql), 0, 'no retries left')
    await sql`UPDATE pgboss.job SET retry_count = retry_limit - 1`
    t.equal(await returnOrphans(sql), 1)
    t.match(await states(database), [{ state: 'retry' }])
  },
)

t.test('stop waits for the running job; one that takes too long returns to the queue', async (t) => {
  const { database } = await testDatabase(t)
  const { jobs } = await open(database)
  const begun = signal()
  const finish = signal()
  await database.work.begin((tx) => jobs.send(tx, 'slow', { n: 1 }))
  await jobs.work('slow', async () => {
    begun.happen()
    await finish.happened
  })
  await begun.happened
  const stopped = jobs.stop({ seconds: 60 })
  finish.happen()
  await stopped
  t.match(await states(database), [{ state: 'completed' }])

  const other = await open(database)
  const stuck = signal()
  const aborted = signal<Error>()
  await database.work.begin((tx) => other.jobs.send(tx, 'slow', { n: 2 }))
  await other.jobs.work('slow', async (_data, abort) => {
    stuck.happen()
    abort.addEventListener('abort', () => aborted.happen(abort.reason))
    await new Promise(() => {})
  })
  await stuck.happened
  await other.jobs.stop({ seconds: 0.1 })
  t.match(await aborted.happened, /The service stops/)
  t.same(
    (await states(database)).map(({ state }) => state),
    ['completed', 'retry'],
  )
  const third = await open(database)
  const done = signal<unknown>()
  await third.jobs.work('slow', async (data) => done.happen(data))
  t.same(await done.happened, { n: 2 }, 'delivered again at once')
  await third.jobs.stop({ seconds: 10 })
})

t.test(
  'the job of a killed worker is delivered again within five seconds, long before its lease ends',
  async (t) => {
    const { database, url } = await testDatabase(t)
    const { jobs, failures } = await open(database, {})
    await database.work.begin((tx) => jobs.send(tx, 'deadly', { n: 7 }))
    const child = spawn(process.execPath, [...program('test/support/stuck-worker.ts'), url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [word] = (await once(child.stdout, 'data')) as [Buffer]
    t.equal(word.toString().trim(), 'at work')
    child.kill('SIGKILL')
    await once(child, 'exit')
    t.match(await states(database), [{ state: 'active' }])
    const done = signal<unknown>()
    const restarted = performance.now()
    await jobs.work('deadly', async (data) => done.happen(data))
    t.same(await done.happened, { n: 7 })
    t.ok(performance.now() - restarted < 5_000, `after ${Math.round(performance.now() - restarted)} ms`)
    t.match(failures, [{ job: undefined, count: 1 }], 'the return is logged')
    await jobs.stop({ seconds: 10 })
    t.match(await states(database), [{ state: 'completed' }])
  },
)
