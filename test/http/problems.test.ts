import { Readable } from 'node:stream'
import t from 'tap'
import { Type } from 'typebox'
import { buildApp } from '../../src/app.ts'
import { type App, problemResponses, refuseUnknown } from '../../src/http/route-helpers.ts'
import { Problem, type ProblemCode, problem, problems } from '../../src/platform/problem.ts'
import { unconnectedContext } from '../support/unconnected-context.ts'

/** Test routes, one for each way in which a request can fail. */
function failingRoutes(app: App): void {
  app.get('/test/problem/:code', async (request) => {
    const { code } = request.params as { code: ProblemCode }
    throw problem(code, {
      detail: 'About this occurrence.',
      path: 'here',
      status: 299,
      code: 'forged',
      reason: 'r',
    })
  })
  app.get('/test/fault', async () => {
    throw new Error('an internal secret')
  })
  app.get(
    '/test/query',
    {
      schema: {
        querystring: Type.Object({
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
          sex: Type.Optional(Type.Enum(['male', 'female'])),
          edition: Type.Optional(Type.String()),
        }),
        response: { 200: Type.Object({ limit: Type.Optional(Type.Integer()) }), ...problemResponses() },
      },
    },
    async (request) => ({ ...(request.query.limit === undefined ? {} : { limit: request.query.limit }) }),
  )
  app.get('/test/open', { config: { openQuery: true } }, async (request) => {
    refuseUnknown(['district', 'grade'], request.query as Record<string, unknown>)
    return {}
  })
  app.post(
    '/test/body',
    { schema: { body: Type.Object({ n: Type.Integer() }, { additionalProperties: false }) } },
    async () => ({}),
  )
  app.get('/test/stream', (_request, reply) => {
    const source = Readable.from(
      (async function* () {
        yield 'a,b\n'
        throw new Error('broken inside')
      })(),
    )
    return reply.type('text/csv').send(source)
  })
}

async function failingApp(environment: Readonly<Record<string, string>> = {}) {
  const { context, lines } = unconnectedContext(environment)
  const app = await buildApp(context)
  failingRoutes(app)
  return { app, lines, context }
}

t.test('every code has its status and both titles, which details cannot replace', async (t) => {
  const { app } = await failingApp()
  t.teardown(() => app.close())
  const listed = (await app.inject('/v1/problems')).json().data as { code: string; status: number }[]
  t.same(listed.map(({ code }) => code).sort(), Object.keys(problems).sort(), 'all codes are documented')
  for (const [code, kind] of Object.entries(problems)) {
    const answer = await app.inject({ url: `/test/problem/${code}`, headers: { host: 'data.example' } })
    t.equal(answer.statusCode, kind.status, code)
    t.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
    t.equal(answer.headers['cache-control'], 'no-store')
    const body = answer.json()
    t.match(body, {
      type: `http://127.0.0.1:8080/v1/problems/${code}`,
      title: kind.title,
      status: kind.status,
      code,
      hint: kind.hint,
      path: 'here',
      reason: 'r',
      requestId: answer.headers['x-request-id'],
    })
    t.equal(body.detail, kind.status >= 500 ? undefined : 'About this occurrence.')
    const zh = await app.inject({
      url: `/test/problem/${code}`,
      headers: { 'accept-language': 'zh-CN,en;q=0.5' },
    })
    t.equal(zh.json().title, kind.titleZh)
    t.equal(zh.headers['content-language'], 'zh')
    const one = await app.inject({ url: `/v1/problems/${code}`, headers: { host: 'data.example' } })
    t.same(one.json(), {
      code,
      status: kind.status,
      title: { zh: kind.titleZh, en: kind.title },
      hint: kind.hint,
      type: `http://127.0.0.1:8080/v1/problems/${code}`,
    })
  }
  t.equal((await app.inject('/v1/problems/nope')).json().code, 'problem-not-found')
})

t.test('some statuses have headers of their own', async (t) => {
  const { app } = await failingApp()
  t.teardown(() => app.close())
  t.match((await app.inject('/test/problem/key-missing')).headers['www-authenticate'], /^Bearer/)
  t.equal((await app.inject('/test/problem/not-ready')).headers['retry-after'], '5')
})

t.test('an unknown parameter is refused with the nearest one', async (t) => {
  const { app } = await failingApp()
  t.teardown(() => app.close())
  const refused = async (url: string) => {
    const answer = await app.inject(url)
    t.equal(answer.statusCode, 400, url)
    return answer.json()
  }
  t.match(await refused('/test/query?limt=5'), { code: 'parameter-unknown', path: 'limt', nearest: 'limit' })
  t.notOk('nearest' in (await refused('/test/query?xxxxxxxxxxxx=5')), 'distant names are not suggested')
  t.match(await refused('/test/open?distrikt=5'), { nearest: 'district', known: ['district', 'grade'] })
  t.match(await refused('/v1/problems?limit=1'), { code: 'parameter-unknown', detail: /takes no parameters/ })
  t.equal((await refused(`/test/query?${'a'.repeat(5000)}=1`)).path.length, 100, 'a long name is truncated')
  t.throws(() => refuseUnknown([], { __proto__x: 1 }), Problem)
  t.equal((await app.inject('/test/open?grade=5')).statusCode, 200)
  t.same((await app.inject('/test/query?limit=5')).json(), { limit: 5 }, 'numbers in a query are coerced')
})

t.test(
  'the problem of an invalid value names the parameter and what is expected, not the value',
  async (t) => {
    const { app } = await failingApp()
    t.teardown(() => app.close())
    const cases = [
      ['limit=0', 'limit', /must be >= 1/],
      ['limit=101', 'limit', /must be <= 100/],
      ['limit=marker7', 'limit', /must be integer/],
      ['limit=', 'limit', /must be integer/],
      ['limit=1&limit=2', 'limit', /must be integer/],
      ['sex=marker7', 'sex', /one of male, female/],
      ['edition=1&edition=2', 'edition', /must be string/],
    ] as const
    for (const [query, path, detail] of cases) {
      const answer = await app.inject(`/test/query?${query}`)
      t.match(answer.json(), { status: 400, code: 'parameter-invalid', path, detail }, query)
      t.notMatch(answer.body, /marker7/)
    }
  },
)

t.test('bodies: malformed, of the wrong shape or kind, too large', async (t) => {
  const { app } = await failingApp({ QINGDAN_BODY_BYTES_MAX: '2048' })
  t.teardown(() => app.close())
  const post = async (payload: string, type = 'application/json') => {
    const answer = await app.inject({
      method: 'POST',
      url: '/test/body',
      payload,
      headers: { 'content-type': type },
    })
    return { status: answer.statusCode, body: answer.json() }
  }
  t.equal((await post('{"n":1}')).status, 200)
  t.match(await post('{"n":'), { status: 400, body: { code: 'body-invalid' } })
  t.match(await post(''), { status: 400, body: { code: 'body-invalid' } })
  t.match(await post('{"__proto__":{"n":1}}'), { status: 400, body: { code: 'body-invalid' } })
  t.match(await post('{"n":"1"}'), { status: 400, body: { code: 'body-invalid', path: 'n' } }, 'no coercion')
  t.match(await post('{}'), { status: 400, body: { code: 'body-invalid', path: 'n' } })
  t.match(await post('{"n":1,"m":2}'), { status: 400, body: { code: 'body-invalid', path: 'm' } })
  t.match(await post('n=1', 'application/x-www-form-urlencoded'), {
    status: 415,
    body: { code: 'media-type-unsupported' },
  })
  const filled = (bytes: number) => `{"n":1${' '.repeat(bytes - 7)}}`
  t.equal((await post(filled(2048))).status, 200, 'exactly the limit')
  t.match(await post(filled(2049)), { status: 413, body: { code: 'body-too-large' } }, 'one byte more')
})

t.test('an internal error is logged and never shown', async (t) => {
  const { app, lines } = await failingApp()
  t.teardown(() => app.close())
  const answer = await app.inject('/test/fault')
  t.equal(answer.statusCode, 500)
  t.equal(answer.json().code, 'internal')
  t.notMatch(answer.body, /secret/)
  const failed = lines.map((line) => JSON.parse(line)).filter((line) => line.event === 'request-failed')
  t.match(failed, [{ route: '/test/fault', requestId: answer.json().requestId, err: { message: /secret/ } }])
})

t.test('an error in mid-stream breaks the connection and is logged', async (t) => {
  const { app, lines } = await failingApp()
  t.teardown(() => app.close())
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  // Compressed, the first bytes are held back, and an error before them is a 500.
  const answer = await fetch(`${base}/test/stream`, { headers: { 'accept-encoding': 'identity' } })
  t.equal(answer.status, 200)
  await t.rejects(answer.text())
  t.match(
    lines.map((line) => JSON.parse(line)),
    [{ event: 'stream-aborted', route: '/test/stream' }],
  )
})

t.test('a 404 is a page for a browser and JSON for a program', async (t) => {
  const { app } = await failingApp()
  t.teardown(() => app.close())
  const get = (accept: string, url = '/v1/nothing') =>
    app.inject({ url, headers: { accept, 'accept-language': 'en' } })
  const browser = await get('text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8')
  t.equal(browser.statusCode, 404)
  t.match(browser.headers['content-type'], /^text\/html/)
  t.match(browser.body, /Nothing is at this address/)
  t.match((await get('text/html', '/test/problem/dataset-not-found')).body, /No such dataset/)
  for (const accept of ['*/*', 'application/json', 'application/json, text/html;q=0.9', '']) {
    t.equal((await get(accept)).headers['content-type'], 'application/problem+json; charset=utf-8', accept)
  }
  const quoted = await get('text/html', '/<script>alert(1)</script>')
  t.notMatch(quoted.body, /<script/)
})

t.test('a + that a query read as a blank is explained', async (t) => {
  const { app } = await failingApp()
  t.teardown(() => app.close())
  const hint = async (query: string) => (await app.inject(`/test/query?${query}`)).json().hint as string
  t.match(await hint('sex=fe+male'), /write `%2B`/)
  t.match(await hint('limit=1+1&sex=male'), /write `%2B`/)
  for (const query of ['sex=fe%2Bmale', 'sex=fe%20male', 'limit=0&edition=a+b'])
    t.notMatch(await hint(query), '%2B', query)
})
