/** In-memory caches with two processes on one database: a change by one is seen by the other. */
import pg from 'pg'
import t from 'tap'
import { withdrawVersion } from '../../src/catalogue/index.ts'
import { administer } from '../support/database.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { runCli } from '../support/run-cli.ts'
import { spawnService } from '../support/spawn-service.ts'

const dataset = 'ferry-register'
const contract = contractOf(
  [field('ferry', 'string', { role: 'key', constraints: { required: true } }), field('seats', 'integer')],
  ['ferry'],
  { dataset, themes: ['education'] },
)
const testContext = await openTestContext(t, { contracts: [contract] })
const { context, url, take, publish, environment } = testContext
const version = (edition: string, number = 1) =>
  `/v1/datasets/${dataset}/editions/${edition}/versions/${number}`
const address = (edition: string, number?: number) => `${version(edition, number)}/records`

async function publishEdition(edition: string): Promise<void> {
  const lines = Array.from({ length: 150 }, (_, n) => `${edition}-${n},${n}`)
  await take({ dataset, edition, rows: `ferry,seats\n${lines.join('\n')}\n` })
  await publish(dataset, edition)
}

/** A separate session, as an administrator has; it releases its locks when it ends. */
async function session(t: { teardown: (work: () => Promise<void>) => unknown }): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'test beside' })
  await client.connect()
  t.teardown(() => client.end())
  return client
}

/** Runs some work while no other session can read the tables. */
async function whileLocked<T>(
  client: pg.Client,
  tables: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  await client.query('BEGIN')
  await client.query(`LOCK TABLE ${tables.join(', ')} IN ACCESS EXCLUSIVE MODE`)
  try {
    return await work()
  } finally {
    await client.query('ROLLBACK')
  }
}

async function recordsTable(client: pg.Client, edition: string): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT v.records_table AS name FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
     WHERE e.edition = $1 AND v.records_table IS NOT NULL ORDER BY v.number DESC`,
    [edition],
  )
  return `published.${rows[0]?.name}`
}

/** Repeats the request until it has this status: a notification takes time, but not for ever. */
async function until(status: number, request: () => Promise<Response>): Promise<Response> {
  for (const began = Date.now(); ; ) {
    const answer = await request()
    if (answer.status === status || Date.now() - began > 20_000) return answer
    await answer.arrayBuffer()
  }
}

const catalogueTables = ['qingdan.version', 'qingdan.edition', 'qingdan.distribution']

/** Repeats the request until it succeeds without the tables: then everything it needs is cached. */
async function untilCached(
  client: pg.Client,
  tables: readonly string[],
  request: () => Promise<Response>,
): Promise<Response> {
  for (const began = Date.now(); ; ) {
    await (await request()).arrayBuffer()
    const response = await whileLocked(client, tables, () => {
      const answer = request()
      return Promise.race([answer, client.query('SELECT pg_sleep(0.5)').then(() => undefined)])
    })
    if (response !== undefined) return response
    if (Date.now() - began > 20_000) throw new Error('the response is not cached')
  }
}

t.test('a page cached in the service is dropped when another process withdraws the version', async (t) => {
  await publishEdition('2021')
  await publishEdition('2022')
  const service = await spawnService(t, environment)
  const client = await session(t)
  const request = () => fetch(`${service.base}${address('2021')}?limit=100`)
  const requestFile = () => fetch(`${service.base}${version('2021')}/files/${dataset}-2021-v1.csv`)
  const tables = [...catalogueTables, await recordsTable(client, '2021')]
  const cached = await untilCached(client, tables, request)
  t.equal(cached.status, 200)
  t.equal(((await cached.json()) as { data: unknown[] }).data.length, 100)
  t.equal(
    (await untilCached(client, tables, requestFile)).status,
    200,
    'files are found without the database too',
  )
  const run = await runCli(['withdraw', dataset, '2021', '1', '--reason', 'Trial.'], environment)
  t.equal(run.code, 0, run.stderr)
  t.match(await (await until(410, request)).json(), { code: 'version-withdrawn', reason: 'Trial.' })
  t.equal((await requestFile()).status, 410)
  t.equal((await fetch(`${service.base}${address('2022')}`)).status, 200, 'the other edition stays')
})

t.test('a process without notifications caches nothing, and starts again when they return', async (t) => {
  await publishEdition('2023')
  const service = await spawnService(t, environment)
  const client = await session(t)
  const request = () => fetch(`${service.base}${address('2023')}?limit=100`)
  const tables = [...catalogueTables, await recordsTable(client, '2023')]
  t.equal((await untilCached(client, tables, request)).status, 200)
  const name = new URL(url).pathname.slice(1)
  const server = new URL(url)
  server.pathname = '/postgres'
  // Existing connections continue; the one that is cut can't reconnect.
  await administer(server.href, (admin) => admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`))
  const listeners = `SELECT pid FROM pg_stat_activity WHERE application_name LIKE '%notices' AND datname = $1`
  await client.query(`SELECT pg_terminate_backend(pid) FROM (${listeners}) AS sessions`, [name])
  const withdrawal = { dataset, edition: '2023', version: 1, reason: 'Unheard.', at: context.clock() }
  await context.database.work.begin((tx) => withdrawVersion(tx, withdrawal))
  t.match(await (await until(410, request)).json(), { reason: 'Unheard.' })
  await administer(server.href, (admin) => admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`))
  await publishEdition('2024')
  const next = () => fetch(`${service.base}${address('2024')}?limit=100`)
  const again = [...catalogueTables, await recordsTable(client, '2024')]
  t.equal((await untilCached(client, again, next)).status, 200, 'it caches again')
  const run = await runCli(['withdraw', dataset, '2024', '1', '--reason', 'Heard.'], environment)
  t.equal(run.code, 0, run.stderr)
  t.match(await (await until(410, next)).json(), { reason: 'Heard.' }, 'and receives notifications again')
})

t.test('the process that changes something sees it at once', async (t) => {
  await publishEdition('2025')
  const request = async () => (await testContext.get(`${address('2025')}?limit=100`)).status
  t.equal(await request(), 200)
  for (let n = 0; n < 5; n += 1) await request()
  const withdrawal = { dataset, edition: '2025', version: 1, reason: 'Own.', at: context.clock() }
  await context.database.work.begin((tx) => withdrawVersion(tx, withdrawal))
  t.equal(await request(), 410)
})

t.test('equal queries at the same time are one statement', async (t) => {
  await publishEdition('2026')
  const client = await session(t)
  const table = await recordsTable(client, '2026')
  const url = `${address('2026')}?seats=7`
  const waiting = `SELECT count(*)::int AS n FROM pg_locks
    WHERE NOT granted AND relation = '${table}'::regclass AND mode = 'AccessShareLock'`
  let statements = 0
  const requests: Promise<{ status: number; text: string }>[] = []
  await whileLocked(client, [table], async () => {
    for (let n = 0; n < 100; n += 1) requests.push(testContext.get(url))
    // A second statement would show as soon as the first does, because each uses a connection of its own.
    for (const began = Date.now(); statements === 0 && Date.now() - began < 20_000; )
      statements = (await client.query<{ n: number }>(waiting)).rows[0]?.n ?? 0
    await client.query('SELECT pg_sleep(0.3)')
    statements = (await client.query<{ n: number }>(waiting)).rows[0]?.n ?? 0
  })
  t.equal(statements, 1)
  const responses = await Promise.all(requests)
  t.ok(responses.every(({ status }) => status === 200))
  t.equal(new Set(responses.map(({ text }) => text)).size, 1)
  t.match(responses[0]?.text, /"ferry":"2026-7"/)
  const others = await Promise.all(
    [8, 9].map((seats) => testContext.get(`${address('2026')}?seats=${seats}`)),
  )
  t.match(
    others.map(({ text }) => text),
    [/"ferry":"2026-8"/, /"ferry":"2026-9"/],
    'another query has another result',
  )
})
