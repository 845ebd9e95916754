import { once } from 'node:events'
import { connect } from 'node:net'
import { DrizzleQueryError } from 'drizzle-orm'
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import type { AppContext } from '../../src/catalogue/index.ts'
import { baseUrl, languageOf } from '../../src/http/route-helpers.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { testDatabase } from '../support/database.ts'
import { unconnectedContext } from '../support/unconnected-context.ts'

async function plainApp(environment: Readonly<Record<string, string>> = {}, parts: Partial<AppContext> = {}) {
  const { context, lines } = unconnectedContext(environment, parts)
  const app = await buildApp(context)
  return { app, lines, context }
}

t.test('unknown paths and methods are rejected', async (t) => {
  const { app } = await plainApp()
  app.post('/test/:slug/files/:name', async () => ({}))
  app.get('/test/:slug/files/:name', async () => ({}))
  app.get('/test/plain.csv', async () => ({}))
  t.teardown(() => app.close())
  const request = async (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'OPTIONS' | 'HEAD',
    url: string,
  ) => {
    const { statusCode, headers, body } = await app.inject({ method, url })
    return { status: statusCode, allow: headers.allow, code: body === '' ? '' : JSON.parse(body).code }
  }
  t.match(await request('GET', '/nope'), { status: 404, code: 'not-found' })
  t.match(
    await request('GET', '/nope?limit=1'),
    { status: 404, code: 'not-found' },
    'the path is checked before the parameters',
  )
  t.match(await request('POST', '/health'), {
    status: 405,
    code: 'method-not-allowed',
    allow: 'GET, HEAD, OPTIONS',
  })
  t.match(await request('DELETE', '/test/a/files/b.csv?x=1'), {
    status: 405,
    allow: 'GET, HEAD, OPTIONS, POST',
  })
  t.match(
    await request('PUT', '/testXplain.csv'),
    { status: 404, code: 'not-found' },
    'a dot in a pattern matches only a dot',
  )
  t.match(await request('PUT', '/test/a/b/files/c'), { status: 404 }, 'a parameter is one segment')
  t.match(await request('OPTIONS', '/test/a/files/b'), { status: 204, allow: 'GET, HEAD, OPTIONS, POST' })
  t.match(await request('OPTIONS', '/nope'), { status: 404, code: 'not-found' })
  t.match(await request('HEAD', '/nope'), { status: 404, code: '' })
  t.match(await request('GET', `/test/a/files/${'x'.repeat(301)}`), { status: 404, code: 'not-found' })
  t.match(await request('GET', `/test/a/files/${'x'.repeat(300)}`), { status: 200 })
})

t.test('invalid percent-encodings are rejected', async (t) => {
  const { app, lines } = await plainApp()
  t.teardown(() => app.close())
  for (const url of ['/%zz', '/v1/problems/%E0%A4', '/v1/problems/%ff', '/v1/problems?a=%zz', '/?lang=%ff']) {
    const answer = await app.inject(url)
    t.match(answer.json(), { status: 400, code: 'address-invalid' }, url)
    t.equal(answer.json().requestId, answer.headers['x-request-id'])
    t.equal(answer.headers['access-control-allow-origin'], '*')
    t.equal(answer.headers['x-content-type-options'], 'nosniff')
  }
  const observed = lines.map((line) => JSON.parse(line)).filter(({ status }) => status === 400)
  t.equal(observed.length, 5, 'each is logged, also if the router cannot parse the URL')
})

t.test('harmless request ids are returned unchanged, others are replaced', async (t) => {
  const { app, lines } = await plainApp()
  t.teardown(() => app.close())
  const idFor = async (given: string) =>
    (await app.inject({ url: '/health', headers: { 'x-request-id': given } })).headers['x-request-id']
  t.equal(await idFor('abc_DEF-123'), 'abc_DEF-123')
  t.equal(await idFor('x'.repeat(64)), 'x'.repeat(64))
  for (const bad of ['x'.repeat(65), 'a b', 'a"b', '../etc', '号']) {
    const id = await idFor(bad)
    t.match(id, /^[0-9a-f-]{36}$/, 'replaced by a generated id')
  }
  t.equal(JSON.parse(lines[0] ?? '').requestId, 'abc_DEF-123')
})

t.test('any page may read, and CORS exposes the headers it needs', async (t) => {
  const { app } = await plainApp()
  t.teardown(() => app.close())
  const origin = 'https://somewhere.example'
  const { headers } = await app.inject({ url: '/v1/problems', headers: { origin } })
  t.equal(headers['access-control-allow-origin'], '*')
  t.notOk('access-control-allow-credentials' in headers)
  for (const name of ['ETag', 'Link', 'Content-Range', 'Repr-Digest', 'Retry-After', 'X-Request-Id']) {
    t.ok(String(headers['access-control-expose-headers']).split(', ').includes(name), name)
  }
  const preflight = await app.inject({
    method: 'OPTIONS',
    url: '/v1/problems',
    headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'range' },
  })
  t.equal(preflight.statusCode, 204)
  t.equal(preflight.headers['access-control-allow-methods'], 'GET, HEAD, OPTIONS', 'writes are not allowed')
  for (const name of ['If-None-Match', 'Range', 'Authorization']) {
    t.ok(String(preflight.headers['access-control-allow-headers']).split(', ').includes(name), name)
  }
})

t.test('every kind of response has security headers', async (t) => {
  const { app } = await plainApp()
  t.teardown(() => app.close())
  for (const url of [
    '/?lang=xx',
    '/docs',
    '/v1/problems',
    '/nope',
    '/openapi.json',
    '/docs/ui/static/swagger-ui.css',
  ]) {
    const { headers } = await app.inject(url)
    const policy = String(headers['content-security-policy'])
    t.match(policy, /default-src 'none';script-src 'self';style-src 'self'/, url)
    t.notMatch(policy, /unsafe|https?:/, url)
    t.equal(headers['x-content-type-options'], 'nosniff')
    t.equal(headers['referrer-policy'], 'no-referrer')
    t.equal(headers['x-frame-options'], 'DENY')
    t.notOk('x-powered-by' in headers || 'server' in headers)
  }
})

t.test('HEAD sends the headers of GET without the body', async (t) => {
  const { database } = await testDatabase(t)
  const { app } = await plainApp({}, { database })
  t.teardown(() => app.close())
  for (const url of ['/', '/openapi.json', '/v1/problems', '/health', '/assets/portal.css']) {
    const [get, head] = await Promise.all([app.inject(url), app.inject({ method: 'HEAD', url })])
    t.equal(head.statusCode, 200, url)
    t.equal(head.body, '')
    for (const name of ['content-type', 'content-length', 'etag', 'cache-control']) {
      t.equal(head.headers[name], get.headers[name], `${url} ${name}`)
    }
  }
})

t.test('health, readiness and metrics', async (t) => {
  let isConnected = true
  const { context } = unconnectedContext(
    {},
    {
      database: { responds: async () => isConnected } as unknown as AppContext['database'],
      files: { findFault: async () => undefined } as unknown as AppContext['files'],
    },
  )
  const app = await buildApp(context)
  t.teardown(() => app.close())
  t.equal((await app.inject('/health')).statusCode, 200)
  t.match((await app.inject('/ready')).json(), { code: 'not-ready' }, 'before the start has finished')
  context.readiness.ready = true
  t.same((await app.inject('/ready')).json(), { status: 'ok', storage: 'writable' })
  isConnected = false
  const lost = await app.inject('/ready')
  t.equal(lost.statusCode, 503)
  t.equal(lost.headers['retry-after'], '5')
  t.equal((await app.inject('/health')).headers['cache-control'], 'no-store')
  await app.inject('/v1/problems/not-found')
  await app.inject('/v1/problems/nope')
  const metrics = await app.inject('/metrics')
  t.match(metrics.headers['content-type'], /^text\/plain; version=0\.0\.4/)
  const count = (labels: string) =>
    new RegExp(`^qingdan_request_completed_total\\{${labels}\\} (\\d+)$`, 'm').exec(metrics.body)?.[1]
  t.equal(count('route="/ready",method="GET",status="503"'), '2')
  t.equal(count('route="/v1/problems/:code",method="GET",status="200"'), '1')
  t.equal(count('route="/v1/problems/:code",method="GET",status="404"'), '1')
  t.match(metrics.body, /qingdan_request_completed_seconds_bucket/)
})

t.test('no log line contains what a caller sent', async (t) => {
  const { app, lines, context } = await plainApp()
  t.teardown(() => app.close())
  app.post('/test/body', async () => {
    throw new Error('internal')
  })
  const headers = { authorization: 'Bearer qd_marker7_marker7', 'user-agent': 'marker7', referer: 'marker7' }
  await app.inject({ url: '/marker7?marker7=marker7', headers })
  await app.inject('/%zzmarker7')
  await app.inject('/v1/problems/marker7')
  await app.inject('/?lang=marker7')
  await app.inject('/?marker7=1')
  await app.inject({ method: 'POST', url: '/test/body', payload: { marker7: 'marker7' } })
  await app.inject({
    method: 'POST',
    url: '/test/body',
    payload: '{"marker7',
    headers: { 'content-type': 'application/json' },
  })
  t.ok(lines.length >= 7, 'something is logged')
  t.notMatch(lines.join(''), /marker7|127\.0\.0\.1/)
  t.notMatch(await context.metrics(), /marker7/)
  for (const line of lines) {
    const { event, requestId } = JSON.parse(line)
    t.ok(event === 'key-refused' || typeof requestId === 'string')
  }
})

t.test('languages: the highest ranked, ignoring regions', async (t) => {
  const of = (header?: string, fallback?: 'zh' | 'en') =>
    languageOf({ headers: header === undefined ? {} : { 'accept-language': header } }, fallback)
  t.equal(of(), 'en')
  t.equal(of(undefined, 'zh'), 'zh')
  t.equal(of('zh-CN,zh;q=0.9,en;q=0.8'), 'zh')
  t.equal(of('zh-Hant-TW'), 'zh')
  t.equal(of('en-GB,en;q=0.9,zh;q=0.8', 'zh'), 'en')
  t.equal(of('fr-FR,zh;q=0.5,en;q=0.4'), 'zh')
  t.equal(of('fr'), 'en')
  t.equal(of('*', 'zh'), 'zh')
  t.equal(of('zh;q=0,en'), 'en')
  t.equal(of('\0;;q=x,,', 'zh'), 'zh')
})

t.test('the base URL is the setting, or the listening address; never the Host header', async (t) => {
  const at = (environment: Record<string, string>, port?: number) =>
    baseUrl(
      {
        server: {
          server: { address: () => (port === undefined ? null : { port, address: '', family: '' }) },
        },
      },
      loadConfig(environment),
    )
  t.equal(at({ QINGDAN_PUBLIC_URL: 'https://data.example/open/' }, 1234), 'https://data.example/open')
  t.equal(at({ QINGDAN_PORT: '0' }, 1234), 'http://127.0.0.1:1234')
  t.equal(at({ QINGDAN_HOST: '::1' }), 'http://[::1]:8080')
  const { app } = await plainApp()
  t.teardown(() => app.close())
  const foreign = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'gopher' }
  const answer = await app.inject({
    url: '/v1/problems/not-found',
    headers: foreign,
    remoteAddress: '127.0.0.1',
  })
  t.match(answer.json(), { type: 'http://127.0.0.1:8080/v1/problems/not-found' })
  t.notMatch(answer.body + JSON.stringify(answer.headers), /evil|gopher/)
})

t.test('closing ends idle connections and completes running requests', async (t) => {
  const { app } = await plainApp()
  let go = () => {}
  const wait = new Promise<void>((resolve) => {
    go = resolve
  })
  const arrived = new Promise<void>((resolve) => {
    app.get('/test/slow', async () => {
      resolve()
      await wait
      return {}
    })
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const idle = connect(port, '127.0.0.1')
  idle.write('GET /health HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(idle, 'data')
  const busy = connect(port, '127.0.0.1')
  let answer = ''
  busy.on('data', (chunk) => {
    answer += String(chunk)
  })
  busy.write('GET /test/slow HTTP/1.1\r\nHost: a\r\n\r\n')
  await arrived
  const idleEnds = once(idle, 'close')
  const closed = app.close()
  await idleEnds
  t.pass('the idle connection has ended while a request is running')
  busy.write('GET /health HTTP/1.1\r\nHost: a\r\n\r\n')
  go()
  const busyEnds = once(busy, 'close')
  await Promise.all([closed, busyEnds])
  t.match(answer, /^HTTP\/1\.1 200 OK/, 'the running request is answered')
})

t.test('an unreachable database gives a 503 with Retry-After, and its message is not shown', async (t) => {
  const { app, lines } = await plainApp()
  t.teardown(() => app.close())
  const unreachable = (code: string) => Object.assign(new Error(`marker9 ${code}`), { code })
  const serverError = (code: string) => Object.assign(unreachable(code), { severity: 'FATAL' })
  const wrapped = (cause: Error) => new DrizzleQueryError('select marker9', ['marker9'], cause)
  const faults: readonly [Error, number][] = [
    [unreachable('ECONNREFUSED'), 503],
    [unreachable('CONNECTION_CLOSED'), 503],
    [serverError('57P01'), 503],
    [serverError('53300'), 503],
    [wrapped(serverError('57P03')), 503],
    [wrapped(unreachable('ECONNRESET')), 503],
    [new Error('Connection terminated unexpectedly'), 503],
    [new Error('Client was closed and is not queryable'), 503],
    [new Error('The connection terminated'), 500],
    [serverError('22021'), 500],
    [wrapped(unreachable('ENOENT')), 500],
    [wrapped(unreachable('ENOSPC')), 507],
    [serverError('53100'), 507],
  ]
  const codes: Readonly<Record<number, readonly [string, string | undefined]>> = {
    500: ['internal', undefined],
    503: ['not-ready', '5'],
    507: ['storage-full', '60'],
  }
  for (const [index, [fault]] of faults.entries()) {
    app.get(`/test/away/${index}`, async () => {
      throw fault
    })
  }
  for (const [index, [fault, status]] of faults.entries()) {
    const answer = await app.inject(`/test/away/${index}`)
    const [code, retryAfter] = codes[status] ?? []
    t.match(answer.json(), { status, code }, fault.message)
    t.equal(answer.headers['retry-after'], retryAfter)
    t.notMatch(answer.body, /marker9/)
  }
  const failed = lines.filter((line) => line.includes('request-failed'))
  t.equal(failed.length, faults.length, 'each is logged for the operator')
  t.notMatch(failed.filter((line) => !line.includes('"message":"marker9')).join(), /marker9/)
  t.equal(failed.filter((line) => line.includes('"type":"ServerError"')).length, 8)
})
