/**
 * Cached responses that are served before routing: equal to the route's, and subject to all that applies to
 * every request.
 */
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, type TestContext } from '../support/open-test-context.ts'

const dataset = 'ferry-register'
const contract = contractOf(
  [field('ferry', 'string', { role: 'key', constraints: { required: true } }), field('seats', 'integer')],
  ['ferry'],
  { dataset, themes: ['education'] },
)
const version = `/v1/datasets/${dataset}/editions/2025/versions/1`
const page = `${version}/records?limit=100`
const file = `${version}/files/${dataset}-2025-v1.csv`
const route = '/v1/datasets/:slug/editions/:edition/versions/:version/records'

async function openFerries(t: Test, settings: Readonly<Record<string, string>> = {}) {
  const testContext = await openTestContext(t, { contracts: [contract], settings })
  const lines = Array.from({ length: 150 }, (_, n) => `渡轮-${n},${n}`)
  await testContext.take({ dataset, edition: '2025', rows: `ferry,seats\n${lines.join('\n')}\n` })
  await testContext.publish(dataset, '2025')
  const base = await testContext.app.listen({ host: '127.0.0.1', port: 0 })
  // The first response may have been computed before the cache received notifications.
  const warmUp = async (address = page) => {
    for (let n = 0; n < 3; n += 1) await (await fetch(`${base}${address}`)).arrayBuffer()
  }
  return { ...testContext, base, warmUp }
}

interface Received {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Sends a request over a raw socket, with exactly these headers, and reads until the server closes it. */
function request(
  base: string,
  address: string,
  headers: readonly string[] = [],
  method = 'GET',
): Promise<Received> {
  const { port } = new URL(base)
  const lines = [`${method} ${address} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', ...headers, '', '']
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(lines.join('\r\n')))
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk)).once('error', reject)
    socket.once('close', () => {
      const [head = '', ...body] = Buffer.concat(chunks).toString().split('\r\n\r\n')
      const [first = '', ...rest] = head.split('\r\n')
      const pairs = rest.map((line) => {
        const at = line.indexOf(':')
        return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()]
      })
      resolve({
        status: Number(first.slice(9, 12)),
        headers: Object.fromEntries(pairs),
        body: body.join('\r\n\r\n'),
      })
    })
  })
}

/** Headers that may differ between two responses. */
function stable({ status, headers, body }: Received): Received {
  const { date: _date, 'x-request-id': _id, ...others } = headers
  return { status, headers: others, body }
}

/**
 * Identifies responses served before routing: only their log lines have the labels before the other facts.
 */
function servedBeforeRouting({ lines }: Pick<TestContext, 'lines'>): number {
  return lines.filter((line) => /"event":"request-completed","route":"[^"]*","method":"GET"/.test(line))
    .length
}

t.test('it equals the response of the route, header by header, and its 304 too', async (t) => {
  const testContext = await openFerries(t)
  const { base, warmUp } = testContext
  for (const address of [
    page,
    `${page}&seats__gte=20&select=seats`,
    `${version}/records.csv?limit=100`,
    file,
  ]) {
    const cold = await request(base, address)
    t.equal(cold.status, 200, address)
    const condition = [`If-None-Match: ${cold.headers['etag']}`]
    // By another path, so that no earlier request has cached it.
    const coldNotModified = await request(base, address, [...condition, 'Accept-Encoding: identity'])
    t.equal(coldNotModified.status, 304)
    await warmUp(address)
    const before = servedBeforeRouting(testContext)
    const responses = [await request(base, address), await request(base, address)]
    for (const answer of responses) t.same(stable(answer), stable(cold))
    const notModified = await request(base, address, condition)
    t.equal(notModified.status, 304)
    t.equal(notModified.body, '')
    // The route does not read the page for a 304, so it knows no next one.
    const withoutNext = (link = '') => link.split(', ').filter((one) => !one.includes('rel="next"'))
    for (const { headers } of [notModified, coldNotModified]) {
      t.same(withoutNext(headers['link']), withoutNext(cold.headers['link']))
    }
    const [{ headers: served }, { headers: expected }] = [stable(notModified), stable(coldNotModified)]
    t.same({ ...served, link: '' }, { ...expected, link: '' })
    for (const name of ['content-type', 'content-length']) t.notOk(name in served, `no ${name}`)
    t.ok(
      servedBeforeRouting(testContext) > before,
      `${servedBeforeRouting(testContext) - before} were given before the router`,
    )
    t.not(
      responses[0]?.headers['x-request-id'],
      responses[1]?.headers['x-request-id'],
      'each has an id of its own',
    )
  }
})

t.test('unusual requests are left to the route', async (t) => {
  const testContext = await openFerries(t)
  const { base, warmUp } = testContext
  await warmUp()
  await request(base, page)
  const cachedBefore = servedBeforeRouting(testContext)
  t.match(await request(base, page, ['Host: elsewhere']), { status: 400 })
  t.match(await request(base, page, ['If-Match: "no"']), { status: 412 })
  t.match(await request(base, page, ['Authorization: Bearer x']), { status: 401 })
  t.match(await request(base, page, ['Accept: image/png']), { status: 406 })
  t.match(await request(base, `http://127.0.0.1${page}`), { status: 200 })
  t.match(await request(base, page, [], 'HEAD'), { status: 200, body: '' })
  t.match(await request(base, page, ['Content-Length: 2', '', 'no']), { status: 200 })
  t.equal(servedBeforeRouting(testContext), cachedBefore, 'none of these was served before routing')
  t.equal((await request(base, page, ['X-Request-Id: mine'])).headers['x-request-id'], 'mine')
  t.equal(servedBeforeRouting(testContext), cachedBefore + 1)
})

t.test('it counts for the rate limit like any other, by the sender that a proxy names', async (t) => {
  const { base, warmUp } = await openFerries(t, { QINGDAN_RATE_PER_MINUTE: '10' })
  await warmUp()
  const from = (sender: string) => request(base, page, [`X-Forwarded-For: ${sender}`])
  const statuses = []
  for (let n = 0; n < 11; n += 1) statuses.push((await from('192.0.2.1')).status)
  t.same(statuses, [...Array.from({ length: 10 }, () => 200), 429])
  const refused = await from('192.0.2.1')
  t.match(JSON.parse(refused.body), { code: 'rate-limited', limit: 10 })
  t.ok(Number(refused.headers['retry-after']) >= 1)
  t.equal((await from('192.0.2.2')).status, 200)
  t.equal(
    (await request(base, '/v1/problems', ['X-Forwarded-For: 192.0.2.1'])).status,
    429,
    'at other addresses, too',
  )
})

t.test('it is logged with its route, and its metrics count', async (t) => {
  const testContext = await openFerries(t)
  const { base, warmUp } = testContext
  await warmUp()
  const count = async () => {
    const metrics = await (await fetch(`${base}/metrics`)).text()
    const line = metrics
      .split('\n')
      .find((one) => one.startsWith(`qingdan_request_completed_total{route="${route}"`))
    return Number(line?.split(' ').at(-1))
  }
  const before = await count()
  for (let n = 0; n < 5; n += 1) await request(base, page)
  t.equal(await count(), before + 5)
  const last = JSON.parse(testContext.lines.findLast((line) => line.includes(`"route":"${route}"`)) ?? '{}')
  t.match(last, { event: 'request-completed', route, method: 'GET', status: 200, requestId: String })
  t.ok(last.seconds >= 0)
})
