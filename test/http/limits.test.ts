import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { unconnectedContext } from '../support/unconnected-context.ts'

t.test('requests up to the limit are allowed, one more is rejected, by address', async (t) => {
  const { context } = unconnectedContext({ QINGDAN_RATE_PER_MINUTE: '3' })
  const app = await buildApp(context)
  t.teardown(() => app.close())
  const from = async (remoteAddress: string, url = '/v1/problems') =>
    (await app.inject({ url, remoteAddress })).statusCode
  t.same([await from('192.0.2.1'), await from('192.0.2.1'), await from('192.0.2.1')], [200, 200, 200])
  const refused = await app.inject({ url: '/v1/problems', remoteAddress: '192.0.2.1' })
  t.match(refused.json(), { status: 429, code: 'rate-limited', limit: 3 })
  const seconds = Number(refused.headers['retry-after'])
  t.ok(seconds >= 1 && seconds <= 60, 'Retry-After gives the seconds to wait')
  t.equal(await from('192.0.2.1', '/nope'), 429, 'unknown paths count too')
  for (const url of ['/health', '/metrics']) t.equal(await from('192.0.2.1', url), 200, `${url} is exempt`)
  t.equal(await from('192.0.2.1', '/ready'), 503, '/ready is exempt')
  t.equal(await from('192.0.2.2'), 200, 'another address has its own count')
})

t.test('IPv6 callers are counted by network, and IPv4-mapped addresses as IPv4', async (t) => {
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

t.test(
  'invalid keys are rejected, then rate-limited, without affecting requests without a key',
  async (t) => {
    const { context, lines } = unconnectedContext({ QINGDAN_RATE_PER_MINUTE: '2' })
    const app = await buildApp(context)
    t.teardown(() => app.close())
    const request = async (authorization?: string) =>
      (
        await app.inject({
          url: '/v1/problems',
          headers: authorization === undefined ? {} : { authorization },
        })
      ).statusCode
    t.same([await request('Bearer x'), await request('Basic eDp5'), await request('')], [401, 401, 429])
    t.equal(await request(), 200, 'requests without a key have their own count')
    const reasons = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'key-refused')
    t.same(
      reasons.map(({ reason }) => reason),
      ['malformed', 'malformed'],
      'the third key was not checked',
    )
  },
)

t.test('forwarded headers count only from a proxy on this machine', async (t) => {
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
  t.equal(proxied.json().type, 'http://127.0.0.1:8080/v1/problems/not-found', 'links never repeat a header')
  t.equal((await from('127.0.0.1', '192.0.2.1')).statusCode, 429)
  t.equal(
    (await from('127.0.0.1', '192.0.2.2')).statusCode,
    200,
    'callers behind the proxy are counted separately',
  )
  const direct = await from('198.51.100.1', '192.0.2.3')
  t.equal(direct.json().type, 'http://127.0.0.1:8080/v1/problems/not-found')
  t.equal(
    (await from('198.51.100.1', '192.0.2.4')).statusCode,
    429,
    'forwarded headers of other senders are ignored',
  )
})
