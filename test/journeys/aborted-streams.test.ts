/**
 * Readers who disconnect in the middle of a stream, and readers who don't read: a hundred of each, over real
 * sockets. Their database connections are counted and returned, and meanwhile pages are answered and a bundle
 * is accepted.
 */
import { once } from 'node:events'
import { type IncomingMessage, get as request } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const dataset = 'long-register'
const contract = contractOf(
  [field('line', 'integer', { role: 'key', constraints: { required: true } }), field('text', 'string')],
  ['line'],
  { dataset, themes: ['education'] },
)
const streamsMax = 8
const stallSeconds = 1
const testContext = await openTestContext(t, {
  contracts: [contract],
  settings: {
    QINGDAN_STREAMS_MAX: String(streamsMax),
    QINGDAN_STREAM_STALL_SECONDS: String(stallSeconds),
  },
})
const { app, get, context } = testContext

/** More than the buffers of both sockets hold, so that a reader who doesn't read stops the stream. */
const lines = 20_000
const text = 'abcdefgh'.repeat(100)
const rows = (count: number) =>
  `line,text\n${Array.from({ length: count }, (_, index) => `${index + 1},${text}\n`).join('')}`
await testContext.take({ dataset, edition: '2025', rows: rows(lines) })
await testContext.publish(dataset, '2025')

await app.listen({ host: '127.0.0.1', port: 0 })
const { port } = app.server.address() as AddressInfo
const stream = `/v1/datasets/${dataset}/editions/2025/versions/1/records.csv`

let senders = 0

/** The response as soon as its headers arrive, to a caller of its own. Nothing of the body is read yet. */
async function open(path: string, sender = `192.0.2.${senders++ % 250}`): Promise<IncomingMessage> {
  const headers = { 'x-forwarded-for': sender }
  const clientRequest = request({ host: '127.0.0.1', port, path, headers, agent: false })
  const [answer] = (await once(clientRequest, 'response')) as [IncomingMessage]
  // Aborted connections are what this tests.
  answer.on('error', () => undefined)
  return answer
}

/** The database connections that streams use at this moment. */
async function streamConnections(): Promise<number> {
  const [row] = await context.database.work<{ held: number }[]>`
    SELECT count(*)::int AS held FROM pg_stat_activity
    WHERE application_name = 'qingdan serve copy' AND datname = current_database()`
  return row?.held ?? 0
}

/** Waits, outside the server, until the streams use no connection; returns how many they use at the end. */
async function released(): Promise<number> {
  for (let attempts = 0; attempts < 600 && (await streamConnections()) > 0; attempts++)
    await context.database.work`SELECT pg_sleep(0.05)`
  return streamConnections()
}

async function stillWorks(edition: string): Promise<void> {
  const page = await get(`/v1/datasets/${dataset}/records?limit=100`)
  t.equal(page.json<{ data: unknown[] }>().data.length, 100, 'a page is answered')
  await testContext.take({ dataset, edition, rows: rows(200) })
  t.equal((await testContext.publish(dataset, edition)).state, 'done', 'and a bundle is accepted')
}

async function fullStream(): Promise<number> {
  const answer = await open(stream)
  t.equal(answer.statusCode, 200)
  let bytes = 0
  for await (const chunk of answer) bytes += (chunk as Buffer).length
  return bytes
}

t.test('a hundred readers disconnect in the middle', async (t) => {
  let disconnected = 0
  const leave = async () => {
    for (let round = 0; round < 25; round++) {
      const answer = await open(stream)
      if (answer.statusCode === 503) {
        // The slot of the previous reader is still being released.
        answer.destroy()
        await released()
        round--
        continue
      }
      t.equal(answer.statusCode, 200)
      await once(answer, 'readable')
      answer.destroy()
      disconnected++
    }
  }
  await Promise.all([leave(), leave(), leave(), leave()])
  t.equal(disconnected, 100)
  t.equal(await released(), 0, 'no connection is left in use')
  await stillWorks('2023')
  t.equal(await fullStream(), rows(lines).length, 'and a stream runs to its end')
})

t.test('a hundred readers do not read', async (t) => {
  const responses = await Promise.all(Array.from({ length: 100 }, () => open(stream)))
  const served = responses.filter(({ statusCode }) => statusCode === 200)
  const refused = responses.filter(({ statusCode }) => statusCode === 503)
  t.equal(served.length + refused.length, 100)
  t.ok(served.length >= streamsMax, `${served.length} are served`)
  t.ok((await streamConnections()) <= streamsMax, 'on no more connections than allowed')
  t.ok(
    refused.every(({ headers }) => Number(headers['retry-after']) > 0),
    'the others get 503 with Retry-After',
  )
  await stillWorks('2024')
  t.equal(await released(), 0, 'readers who do not read are disconnected')
  const stalled = testContext.lines.filter((line) => line.includes('STREAM_STALLED'))
  t.equal(stalled.length, served.length)
  for (const answer of responses) answer.destroy()
  t.equal(await fullStream(), rows(lines).length, 'and a stream runs to its end')
})

t.test('one caller leaves half of the slots to others', async (t) => {
  const greedy = await Promise.all(Array.from({ length: streamsMax }, () => open(stream, '198.51.100.1')))
  const served = greedy.filter(({ statusCode }) => statusCode === 200)
  t.equal(served.length, streamsMax / 2)
  const other = await open(stream, '198.51.100.2')
  t.equal(other.statusCode, 200)
  for (const answer of [...greedy, other]) answer.destroy()
  t.equal(await released(), 0)
  t.equal(await fullStream(), rows(lines).length, 'and its slots are released')
})

t.test('an error in mid-stream breaks the connection and writes nothing into the data', async (t) => {
  const answer = await open(stream)
  const pids = await context.database.work<{ pid: number }[]>`
    SELECT pid FROM pg_stat_activity
    WHERE application_name = 'qingdan serve copy' AND datname = current_database()`
  t.equal(pids.length, 1)
  const owner = testContext.url
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: owner })
  await client.connect()
  await client.query('SELECT pg_terminate_backend($1)', [pids[0]?.pid])
  await client.end()
  let received = ''
  await t.rejects(async () => {
    for await (const chunk of answer) received += chunk
  })
  t.ok(received.length < rows(lines).length)
  t.ok(rows(lines).startsWith(received), 'the received bytes are the beginning of the data')
  t.equal(await released(), 0)
  t.equal((await get(`/v1/datasets/${dataset}/records?limit=1`)).status, 200)
})

t.test('a statement that fails before its first bytes gives an ordinary problem', async (t) => {
  const [row] = await context.database.work<{ records_table: string }[]>`
    SELECT records_table FROM qingdan.version WHERE published_at IS NOT NULL ORDER BY id DESC LIMIT 1`
  const table = `published."${row?.records_table}"`
  await context.database.work.unsafe(`ALTER TABLE ${table} RENAME COLUMN "text" TO "lost"`)
  const answer = await get(`/v1/datasets/${dataset}/editions/2024/versions/1/records.csv`)
  t.equal(answer.status, 500)
  t.match(answer.json(), { code: 'internal' })
  await context.database.work.unsafe(`ALTER TABLE ${table} RENAME COLUMN "lost" TO "text"`)
  t.equal(await released(), 0)
})
