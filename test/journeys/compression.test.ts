/**
 * Compressed responses over real connections: each coding has its own ETag and equals the identity when
 * expanded; ranges are those of the identity; a client that leaves a compressed stream leaves nothing open.
 */
import { request as httpRequest } from 'node:http'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import t from 'tap'
import { streamsOf } from '../../src/records/streams.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const dataset = 'well-register'
const contract = contractOf(
  [field('well', 'string', { role: 'key', constraints: { required: true } }), field('depth', 'integer')],
  ['well'],
  { dataset, themes: ['education'], formats: ['csv', 'csv.gz', 'ndjson'], indexes: [['depth']] },
)
const testContext = await openTestContext(t, { contracts: [contract] })
const lines = Array.from({ length: 40_000 }, (_, n) => `水井-${n},${(n * 2_654_435_761) % 1_000_000_007}`)
await testContext.take({ dataset, edition: '2025', rows: `well,depth\n${lines.join('\n')}\n` })
await testContext.publish(dataset, '2025')
const base = await testContext.app.listen({ host: '127.0.0.1', port: 0 })
const version = `/v1/datasets/${dataset}/editions/2025/versions/1`
const file = `${version}/files/${dataset}-2025-v1`

interface Received {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** As sent, not expanded. */
  readonly bytes: Buffer
}

function send(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<Received> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${base}${path}`, { headers, method, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(chunks) })
      })
    })
    request.on('error', reject).end()
  })
}

const expanded = ({ headers, bytes }: Received) =>
  headers['content-encoding'] === 'br'
    ? brotliDecompressSync(bytes)
    : headers['content-encoding'] === 'gzip'
      ? gunzipSync(bytes)
      : bytes

/** Texts with an ETag, and the codings that they have. */
const tagged: readonly (readonly [string, readonly string[]])[] = [
  [`${version}/records?limit=1000`, ['gzip', 'br']],
  [`${version}/records?limit=1000&sort=-depth`, ['gzip', 'br']],
  [`${version}/records.csv`, ['gzip', 'br']],
  [`${version}/records.ndjson`, ['gzip', 'br']],
  [`${version}/records.csv?limit=500`, ['gzip', 'br']],
  [version, ['gzip', 'br']],
  ['/openapi.json', ['gzip', 'br']],
  ['/catalog.ttl', ['gzip', 'br']],
  ['/catalog.jsonld', ['gzip', 'br']],
  ['/assets/portal.css', ['gzip', 'br']],
  ['/', ['gzip', 'br']],
  [`/datasets/${dataset}`, ['gzip', 'br']],
  [`${file}.csv`, ['gzip']],
  [`${file}.csv.gz`, []],
  [`${file}.ndjson`, []],
]

t.test('each coding has its own ETag, its 304, and the bytes of the identity', async (t) => {
  for (const [path, codings] of tagged) {
    const plain = await send(path)
    t.equal(plain.status, 200, path)
    t.equal(plain.headers['content-encoding'], undefined, path)
    t.match(plain.headers['vary'], /Accept-Encoding/, path)
    const etag = String(plain.headers['etag'])
    for (const coding of ['gzip', 'br']) {
      const accept = { 'accept-encoding': coding }
      const [first, second, third] = [
        await send(path, accept),
        await send(path, accept),
        await send(path, accept),
      ]
      const has = codings.includes(coding)
      t.equal(first.headers['content-encoding'], has ? coding : undefined, `${path} ${coding}`)
      t.equal(first.headers['etag'], has ? `${etag.slice(0, -1)}-${coding}"` : etag, path)
      t.ok(expanded(first).equals(plain.bytes), `${path} ${coding}`)
      t.match(first.headers['vary'], /Accept-Encoding/, path)
      for (const again of [second, third]) {
        const { date: _date, 'x-request-id': _id, ...headers } = again.headers
        const { date: _day, 'x-request-id': _other, ...expected } = first.headers
        t.same(headers, expected, `${path} ${coding}: cached as computed`)
        t.ok(again.bytes.equals(first.bytes))
      }
      if (has) t.ok(first.bytes.length < plain.bytes.length, `${path} ${coding} is smaller`)
      for (const known of [etag, String(first.headers['etag']), `"other", ${first.headers['etag']}`]) {
        const fresh = await send(path, { ...accept, 'if-none-match': known })
        t.equal(fresh.status, 304, `${path} ${coding} ${known}`)
        t.equal(fresh.bytes.length, 0)
        t.ok(known.includes(String(fresh.headers['etag'])), 'with the ETag that the caller has')
        t.equal(fresh.headers['content-encoding'], undefined)
      }
      const other = `${etag.slice(0, -1)}-${coding === 'br' ? 'gzip' : 'br'}"`
      t.equal((await send(path, { ...accept, 'if-none-match': other })).status, 200, 'of another coding')
      t.equal((await send(path, { 'if-none-match': other })).status, 200, 'a coding that is not accepted')
    }
  }
})

t.test('HEAD has the headers of GET', async (t) => {
  for (const [path] of tagged) {
    for (const coding of ['gzip', 'br', 'identity']) {
      const accept = { 'accept-encoding': coding }
      const [get, head] = [await send(path, accept), await send(path, accept, 'HEAD')]
      t.equal(head.bytes.length, 0)
      for (const name of [
        'content-type',
        'content-encoding',
        'etag',
        'vary',
        'last-modified',
        'accept-ranges',
      ])
        t.equal(head.headers[name], get.headers[name], `${path} ${coding} ${name}`)
      if (head.headers['content-length'] !== undefined)
        t.equal(head.headers['content-length'], String(get.bytes.length), `${path} ${coding}`)
    }
  }
})

t.test('a range is one of the bytes without a coding', async (t) => {
  const whole = await send(`${file}.csv`)
  const gzip = { 'accept-encoding': 'gzip' }
  const part = await send(`${file}.csv`, { ...gzip, range: 'bytes=10-19' })
  t.equal(part.status, 206)
  t.equal(part.headers['content-encoding'], undefined)
  t.ok(part.bytes.equals(whole.bytes.subarray(10, 20)))
  const coded = await send(`${file}.csv`, gzip)
  t.equal(coded.headers['accept-ranges'], undefined, 'none is offered of the coded bytes')
  t.equal(coded.headers['content-length'], String(coded.bytes.length))
  t.ok(coded.bytes.equals((await send(`${file}.csv.gz`)).bytes), 'the stored gzip')
  const continued = { ...gzip, range: 'bytes=10-19', 'if-range': String(coded.headers['etag']) }
  const again = await send(`${file}.csv`, continued)
  t.equal(again.status, 200, 'the rest of other bytes is not sent')
  t.ok(again.bytes.equals(whole.bytes))
  t.not(coded.headers['repr-digest'], whole.headers['repr-digest'], 'the digest of the bytes sent')
})

t.test(
  'If-Match takes the ETag of the coding, and small texts and problems are sent as they are',
  async (t) => {
    const path = `${version}/records?limit=1000`
    const gzip = { 'accept-encoding': 'gzip' }
    const { headers } = await send(path, gzip)
    t.equal((await send(path, { ...gzip, 'if-match': String(headers['etag']) })).status, 200)
    t.equal((await send(path, { ...gzip, 'if-match': '"other"' })).status, 412)
    for (const small of ['/health', '/v1/nothing', `${version}/records?limit=1`]) {
      const answer = await send(small, gzip)
      t.equal(answer.headers['content-encoding'], undefined, small)
      t.match(answer.headers['vary'], /Accept-Encoding/, small)
    }
  },
)

t.test('a client that leaves a compressed stream a hundred times leaves none open', async (t) => {
  const streams = streamsOf(testContext.context)
  for (let n = 0; n < 100; n += 1) {
    await new Promise<void>((resolve, reject) => {
      const headers = { 'accept-encoding': n % 2 === 0 ? 'gzip' : 'br' }
      const request = httpRequest(
        `${base}${version}/records.ndjson`,
        { headers, agent: false },
        (response) => {
          response.once('data', () => request.destroy())
          response.once('close', resolve)
          response.on('error', () => undefined)
        },
      )
      request.on('error', (error) => (request.destroyed ? undefined : reject(error)))
      request.end()
    })
  }
  const closed = async () => {
    for (let turn = 0; turn < 200 && streams.count() > 0; turn += 1)
      await testContext.context.database.work`SELECT pg_sleep(0.02)`
    return streams.count()
  }
  t.equal(await closed(), 0)
  t.equal((await send(`${version}/records.csv`, { 'accept-encoding': 'br' })).status, 200)
})
