/**
 * Malformed, oversized and slow requests at the socket: each gets its problem, and no connection stays open.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { type SocketLimits, socketLimits } from '../../src/http/index.ts'
import { targetLengthMax } from '../../src/http/raw-target.ts'
import type { App } from '../../src/http/route-helpers.ts'
import { unconnectedContext } from '../support/unconnected-context.ts'

/** The part of a tap test that is needed here. */
interface Test {
  readonly teardown: (work: () => Promise<void>) => unknown
}

async function listening(t: Test, limits: Partial<SocketLimits> = {}, more: (app: App) => void = () => {}) {
  const { context, lines } = unconnectedContext()
  const app = await buildApp(context, { ...socketLimits, ...limits })
  more(app)
  t.teardown(async () => {
    await app.close()
  })
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  return { app, lines, port: Number(port) }
}

interface RawResponse {
  readonly status: number
  readonly head: string
  readonly text: string
  readonly json: () => Readonly<Record<string, unknown>>
}

/** Sends text and returns the response once the connection has ended. */
async function send(port: number, ...pieces: readonly (string | Buffer)[]): Promise<RawResponse> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  // A write after the response may fail with a reset; the response has arrived by then.
  const ended = new Promise<void>((resolve) => {
    socket.on('error', () => undefined).on('close', () => resolve())
  })
  for (const piece of pieces) socket.write(piece)
  await ended
  const [head = '', text = ''] = Buffer.concat(chunks).toString('utf8').split('\r\n\r\n', 2)
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1])
  return { status, head, text, json: () => JSON.parse(text) }
}

const request = (line: string, ...headers: readonly string[]) =>
  [line, 'Host: data.example', 'Connection: close', ...headers, '', ''].join('\r\n')

t.test('headers are limited to 16 kB', async (t) => {
  const { port, lines } = await listening(t)
  const filled = (bytes: number) => request('GET /health HTTP/1.1', `X-Filler: ${'x'.repeat(bytes)}`)
  t.equal((await send(port, filled(16_000))).status, 200)
  const refused = await send(port, filled(64 * 1024))
  t.equal(refused.status, 431)
  t.match(refused.head, /content-type: application\/problem\+json/i)
  t.match(refused.head, /connection: close/i)
  t.match(refused.json(), { status: 431, code: 'headers-too-large', type: '/v1/problems/headers-too-large' })
  t.match(
    lines.map((line) => JSON.parse(line)).filter(({ status }) => status === 431),
    [{ event: 'request-completed', route: 'unmatched', requestId: refused.json()['requestId'] }],
  )
  t.equal((await send(port, request(`GET /v1/problems?a=${'x'.repeat(20_000)} HTTP/1.1`))).status, 431)
})

t.test('input that is not HTTP gets the problem request-malformed', async (t) => {
  const { port } = await listening(t)
  const bad = [
    'HELLO\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
    request('GET /health HTTP/1.1', 'Content-Length: 1', 'Content-Length: 2'),
    request('GET /health HTTP/1.1', 'Content-Length: 1', 'Transfer-Encoding: chunked'),
    request('GET /health HTTP/1.1', 'Bad Name: 1'),
    'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n',
  ]
  for (const text of bad) t.equal((await send(port, text)).status, 400, text.slice(0, 60))
  t.match((await send(port, 'HELLO\r\n\r\n')).json(), { code: 'request-malformed', status: 400 })
  t.equal((await send(port, request('GET /health HTTP/1.1'))).status, 200, 'the service still works')
})

t.test('a GET or HEAD with UTF-8 in its address is redirected to the encoded address', async (t) => {
  const { port, lines } = await listening(t)
  const raw = await send(port, request('GET /v1/datasets/体?q=体质&a=%E4%BD HTTP/1.1'))
  t.equal(raw.status, 308)
  t.match(raw.head, /\r\nLocation: \/v1\/datasets\/%E4%BD%93\?q=%E4%BD%93%E8%B4%A8&a=%E4%BD\r\n/)
  t.match(raw.head, /\r\nConnection: close/)
  t.match(raw.text, /curl -L/)
  t.match(raw.text, /curl -G --data-urlencode 'q=体质'/)
  const head = await send(port, request('HEAD /v1/datasets?q=体质 HTTP/1.1'))
  t.match(head, { status: 308, text: '' })
  t.match(
    lines.map((line) => JSON.parse(line)).filter(({ status }) => status === 308),
    [{ route: 'unmatched' }, { route: 'unmatched' }],
  )
  t.notOk(
    lines.some((line) => line.includes('体质')),
    'the address is not logged',
  )
})

t.test('other raw addresses are refused with the way to encode them', async (t) => {
  const { port } = await listening(t)
  const refused: readonly (string | Buffer)[] = [
    request('POST /v1/datasets?q=体质 HTTP/1.1'),
    request('GET //evil.example/体质 HTTP/1.1'),
    request('GET /\\evil.example/体质 HTTP/1.1'),
    request('GET http://evil.example/体质 HTTP/1.1'),
    request('GET /体质 HTTP/2.0'),
    // GB18030, as a terminal on Windows may send it; a surrogate; half a character.
    Buffer.from(request('GET /v1/datasets?q=\xcc\xe5\xd6\xca HTTP/1.1'), 'latin1'),
    Buffer.from(request('GET /v1/datasets?q=\xed\xa0\x80 HTTP/1.1'), 'latin1'),
    Buffer.from(request('GET /v1/datasets?q=\xe4\xbd HTTP/1.1'), 'latin1'),
    'GET /v1/datasets?q=体质',
  ]
  for (const text of refused) {
    const answer = await send(port, text)
    t.match(answer.json(), { status: 400, code: 'address-invalid', hint: /--data-urlencode/ }, String(text))
    t.notMatch(answer.head, /location/i)
  }
  // A Chinese character takes nine characters when encoded.
  const characters = Math.floor((targetLengthMax - 1) / 9)
  const longPath = (count: number) => send(port, request(`GET /${'体'.repeat(count)} HTTP/1.1`))
  t.equal((await longPath(characters)).status, 308)
  t.equal((await longPath(characters + 1)).status, 400, 'too long when encoded')
})

t.test(
  'an address behind a path of the public URL keeps it, and a response under way is not interrupted',
  async (t) => {
    const { context } = unconnectedContext({ QINGDAN_PUBLIC_URL: 'https://data.example/open' })
    const app = await buildApp(context)
    t.teardown(() => app.close())
    const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
    const raw = await send(Number(port), request('GET /v1/datasets?q=体质 HTTP/1.1'))
    t.match(raw.head, /\r\nLocation: \/open\/v1\/datasets\?q=%E4%BD%93%E8%B4%A8\r\n/)
    // In one packet with another request, only that one can be meant.
    const both = `GET /health HTTP/1.1\r\nHost: a\r\n\r\n${request('GET /体 HTTP/1.1')}`
    t.notMatch((await send(Number(port), both)).head, /308/)
  },
)

t.test('duplicate headers', async (t) => {
  const { port } = await listening(t)
  const twice = await send(port, request('GET /health HTTP/1.1', 'Host: evil.example'))
  t.match(twice.json(), { status: 400, code: 'request-malformed', path: 'Host' })
  const languages = await send(
    port,
    request('GET /v1/nothing HTTP/1.1', 'Accept-Language: zh', 'Accept-Language: en;q=0.1'),
  )
  t.match(languages.json(), { title: '此地址没有内容' }, 'a list may be split over several headers')
  const keys = await send(
    port,
    request('GET /v1/key HTTP/1.1', 'Authorization: Bearer x', 'Authorization: Bearer y'),
  )
  t.match(keys.json(), { status: 401, code: 'key-invalid' })
})

t.test('the absolute form is accepted, and no link repeats its host or path', async (t) => {
  const { port } = await listening(t)
  const of = async (target: string) => send(port, request(`GET ${target} HTTP/1.1`))
  const kind = await of('http://other.example/v1/problems/not-found')
  t.match(kind.json(), { code: 'not-found', type: `http://127.0.0.1:${port}/v1/problems/not-found` })
  t.equal((await of('HTTP://other.example/health')).status, 200)
  t.equal((await of('http://other.example/health?x=1')).status, 400, 'its parameters are checked')
  t.match((await of('http://other.example')).status, 500, 'the start page, without a database')
  t.equal((await of('ftp://other.example/health')).status, 404)
  t.equal((await send(port, request('CONNECT other.example:443 HTTP/1.1'))).head, '', 'no tunnel')
  t.equal((await send(port, request('OPTIONS * HTTP/1.1'))).status, 404)
})

t.test('slow headers and slow bodies are ended with a problem', async (t) => {
  const { port } = await listening(
    t,
    { headersMilliseconds: 50, requestMilliseconds: 100, checkMilliseconds: 20 },
    (app) => {
      app.addContentTypeParser('text/slow', (_request, payload, done) => {
        payload.resume()
        payload.on('end', () => done(null)).on('error', done)
      })
      app.post('/test/body', async () => ({}))
    },
  )
  const headers = await send(port, 'GET /health HTTP/1.1\r\nHost: a\r\nX-Slow: ')
  t.match(headers.json(), { status: 408, code: 'request-timeout' })
  const body = await send(
    port,
    'POST /test/body HTTP/1.1\r\nHost: a\r\nContent-Type: text/slow\r\nContent-Length: 10\r\n\r\nx',
  )
  t.match(body.json(), { status: 408, code: 'request-timeout' })
  t.equal((await send(port, request('GET /health HTTP/1.1'))).status, 200)
})

t.test('the connection of a client that reads nothing is ended, and its source is closed', async (t) => {
  let closed: () => void = () => {}
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve
  })
  const { port, lines } = await listening(t, { idleMilliseconds: 100 }, (app) => {
    app.get('/test/endless', (_request, reply) => {
      const source = new Readable({
        read() {
          this.push(Buffer.alloc(1 << 16))
        },
        destroy(error, done) {
          closed()
          done(error)
        },
      })
      return reply.type('application/octet-stream').send(source)
    })
  })
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  // It may be closed before the source is.
  const ended = once(socket, 'close')
  socket.pause()
  socket.write(request('GET /test/endless HTTP/1.1'))
  await isClosed
  t.pass('the source is closed')
  t.match(
    lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'stream-aborted'),
    [{ route: '/test/endless' }],
  )
  socket.destroy()
  await ended
})

t.test('a request that arrives during a shutdown is refused with a time to try again', async (t) => {
  let answer: Response | undefined
  const { app, port } = await listening(t, {}, (app) => {
    app.addHook('preClose', async () => {
      answer = await fetch(`http://127.0.0.1:${port}/health`)
    })
  })
  t.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 200)
  await app.close()
  t.equal(answer?.status, 503)
  t.equal(answer?.headers.get('retry-after'), '5')
  t.match(answer?.headers.get('x-request-id'), /./)
  t.match(await answer?.json(), { code: 'not-ready' })
})
