import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { unconnectedContext } from '../support/unconnected-context.ts'

t.test('the rate is kept on both sides of the limit, by address', async (t) => {
  const { context } = unconnectedContext({ QINGDAN_RATE_PER_MINUTE: '3' })
  const app = await buildApp(context)
  t.teardown(() => app.close())
  const from = async (remoteAddress: string, url = '/v1/problems') =>
    (await app.inject({ url, remoteAddress })).statusCode
  t.same([await from('192.0.2.1'), await from('192.0.2.1'), await from('192.0.2.1')], [200, 200, 200])
  const refused = await app.inject({ url: '/v1/problems', remoteAddress: '192.0.2.1' })
  t.match(refused.json(), { status: 429, code: 'rate-limited', limit: 3 })
  const seconds = Number(refused.headers['retry-after'])
  t.ok(seconds >= 1 && seconds <= 60, 'Retry-After says when')
  t.equal(await from('192.0.2.1', '/nope'), 429, 'an address that does not exist counts as well')
  for (const url of ['/health', '/metrics']) t.equal(await from('192.0.2.1', url), 200, `${url} is exempt`)
  t.equal(await from('192.0.2.1', '/ready'), 503, '/ready is exempt')
  t.equal(await from('192.0.2.2'), 200, 'another address is not concerned')
})

t.test('an IPv6 caller counts by its network, and IPv4 in IPv6 as IPv4', async (t) => {
  const { context } = unconnectedContext({ QINGDAN_RATE_PER_MINUTE: '1' })
  const app = await buildApp(context)
  t.teardown(() => app.close())
  const from = async (remoteAddress: string) =>
    (await app.inject({ url: '/v1/problems', remoteAddress })).statusCode
  t.equal(await from('2001:db8:0:1::1'), 200)
  t.equal(await from('2001:db8:0:1::2'), 429)
  t.equal(await from('2001:db8:0:2::1'), 200)
  t.equal(await from('::ffff:192.0.2.1'), 200)
  t.equal(await from('192.0.2.1'), 429)
})

t.test('wrong keys are refused, then slowed down, without closing the door to others', async (t) => {
  const { context, lines } = unconnectedContext({ QINGDAN_RATE_PER_MINUTE: '2' })
  const app = await buildApp(context)
  t.teardown(() => app.close())
  const ask = async (authorization?: string) =>
    (await app.inject({ url: '/v1/problems', headers: authorization === undefined ? {} : { authorization } }))
      .statusCode
  t.same([await ask('Bearer x'), await ask('Basic eDp5'), await ask('')], [401, 401, 429])
  t.equal(await ask(), 200, 'without a key the address has its own count')
  const reasons = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'key-refused')
  t.same(
    reasons.map(({ reason }) => reason),
    ['malformed', 'malformed'],
    'the third was not even looked at',
  )
})

t.test('a proxy on this machine is believed, nobody else', async (t) => {
  const { context } = unconnectedContext({ QINGDAN_RATE_PER_MINUTE: '1' })
  const app = await buildApp(context)
  t.teardown(() => app.close())
  const from = (remoteAddress: string, forwarded: string) =>
    app.inject({
      url: '/v1/problems/not-found',
      remoteAddress,
      headers: {
        'x-forwarded-for': forwarded,
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'data.example',
      },
    })
  const proxied = await from('127.0.0.1', '192.0.2.1')
  t.equal(proxied.json().type, 'https://data.example/v1/problems/not-found')
  t.equal((await from('127.0.0.1', '192.0.2.1')).statusCode, 429)
  t.equal((await from('127.0.0.1', '192.0.2.2')).statusCode, 200, 'callers behind the proxy count apart')
  const direct = await from('198.51.100.1', '192.0.2.3')
  t.equal(direct.json().type, 'http://localhost:80/v1/problems/not-found')
  t.equal(
    (await from('198.51.100.1', '192.0.2.4')).statusCode,
    429,
    'a name that a stranger gives counts for nothing',
  )
})
