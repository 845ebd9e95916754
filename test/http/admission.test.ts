/**
 * One client cannot starve the others: connections per client, requests per connection, pages in turns, and a
 * new connection's /health under 400 busy connections. Each limit is tested on both sides.
 */
import { EventEmitter, once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { buildAdmission, buildConnectionCounts } from '../../src/http/hooks/admission.ts'
import type { App } from '../../src/http/route-helpers.ts'
import type { Problem } from '../../src/platform/problem.ts'
import { unconnectedContext } from '../support/unconnected-context.ts'

interface Test {
  readonly teardown: (work: () => Promise<void>) => unknown
}

async function listening(t: Test, settings: Record<string, string>, more: (app: App) => void = () => {}) {
  const { context } = unconnectedContext(settings)
  const app = await buildApp(context)
  more(app)
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())
  return { app, port: (app.server.address() as AddressInfo).port }
}

/** 400 keep-alive connections that each repeat their request at once; reports when it is under way. */
const loadSource = `
  const { parentPort, workerData: { port } } = require('node:worker_threads')
  const { Agent, get } = require('node:http')
  const agent = new Agent({ keepAlive: true, maxSockets: 400 })
  const counts = {}
  const again = () => get({ agent, port, host: '127.0.0.1', path: '/test/heavy' }, (answer) => {
    counts[answer.statusCode] = (counts[answer.statusCode] ?? 0) + 1
    if (counts[200] === 50) parentPort.postMessage('under way')
    answer.resume().once('end', again)
  }).once('error', again)
  for (let n = 0; n < 400; n++) again()
  parentPort.once('message', () => parentPort.postMessage(counts))
`

/** The status and headers of a request over an agent's connections. */
async function fetchOver(agent: Agent | undefined, port: number, path: string, headers = {}) {
  const request = get({ port, host: '127.0.0.1', path, headers, ...(agent === undefined ? {} : { agent }) })
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  let body = ''
  for await (const chunk of answer) body += String(chunk)
  return {
    status: answer.statusCode,
    connection: answer.headers.connection,
    retry: answer.headers['retry-after'],
    body,
  }
}

t.test('connections of one client are limited; those of others and of a proxy are not', async (t) => {
  const counts = buildConnectionCounts(2)
  const from = (client: string, remoteAddress = client) => {
    const socket = Object.assign(new EventEmitter(), { remoteAddress })
    return { socket, is: () => counts.isWithin({ socket: socket as never }, client) }
  }
  const [one, two, three] = [from('a'), from('a'), from('a')]
  t.same([one.is(), two.is(), three.is()], [true, true, false])
  t.same([one.is(), three.is()], [true, false], 'a connection is counted once')
  t.ok(from('b').is())
  t.ok(from('a', 'the proxy').is())
  three.socket.emit('close')
  t.notOk(from('a').is(), 'the first two are still open')
  for (const { socket } of [one, two]) socket.emit('close')
  t.ok(from('a').is())
})

t.test('over HTTP a connection too many gets 429 and is closed; probes are answered', async (t) => {
  const { port } = await listening(t, { QINGDAN_CONNECTIONS_PER_CLIENT_MAX: '2' })
  const agents = [0, 1, 2].map(() => new Agent({ keepAlive: true, maxSockets: 1 }))
  t.teardown(async () => {
    for (const agent of agents) agent.destroy()
  })
  const statuses: unknown[] = []
  for (const agent of agents) statuses.push((await fetchOver(agent, port, '/v1/problems')).status)
  t.same(statuses, [200, 200, 429])
  const refused = await fetchOver(undefined, port, '/v1/problems')
  t.match(refused, { status: 429, connection: 'close', body: /connections-too-many/ })
  t.equal((await fetchOver(undefined, port, '/health')).status, 200)
})

t.test('a 429 of the rate closes its connection, and a connection serves so many requests', async (t) => {
  const { port } = await listening(t, {
    QINGDAN_RATE_PER_MINUTE: '4',
    QINGDAN_REQUESTS_PER_CONNECTION_MAX: '3',
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(async () => agent.destroy())
  const answers: unknown[] = []
  for (let n = 0; n < 5; n++) {
    const { status, connection } = await fetchOver(agent, port, '/v1/problems')
    answers.push([status, connection])
  }
  const open = [200, 'keep-alive']
  t.same(answers, [open, open, [200, 'close'], open, [429, 'close']])
})

t.test('pages run in turns, one client after the other, and only so many wait', async (t) => {
  const admission = buildAdmission(1, 4)
  const begun: string[] = []
  const refused: Problem[] = []
  const enter = (client: string, name: string) =>
    admission.enter(
      client,
      (refusal) => void (refusal === undefined ? begun.push(name) : refused.push(refusal)),
    )
  const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  const first = enter('a', 'a1')
  await turn()
  const ends = [enter('a', 'a2'), enter('a', 'a3')]
  enter('a', 'a4')
  t.match(refused, [{ code: 'pages-busy', status: 503, detail: { limit: 2 } }], 'half of the places')
  ends.push(enter('b', 'b1'))
  const gone = enter('c', 'c1')
  enter('d', 'd1')
  t.match(refused[1], { code: 'pages-busy', detail: { limit: 4 } }, 'all places')
  gone()
  t.same(begun, ['a1'])
  first()
  first()
  for (const end of ends) {
    await turn()
    t.equal(begun.length, 2 + ends.indexOf(end), 'one at a time')
    ends.find((_, index) => ['a2', 'a3', 'b1'][index] === begun.at(-1))?.()
  }
  t.same(begun, ['a1', 'a2', 'b1', 'a3'], 'b did not wait for all of a')
})

t.test('under 400 busy connections of one client, a new connection is answered soon', async (t) => {
  const busyMilliseconds = 10
  const { port } = await listening(t, { QINGDAN_RATE_PER_MINUTE: '1000000' }, (app) => {
    app.get('/test/heavy', async () => {
      const end = performance.now() + busyMilliseconds
      while (performance.now() < end);
      return {}
    })
  })
  // Another thread, so that only the service's own event loop is measured.
  const load = new Worker(loadSource, { eval: true, workerData: { port } })
  t.teardown(async () => void (await load.terminate()))
  await once(load, 'message')
  const waits: number[] = []
  for (let n = 0; n < 10; n++) {
    const began = performance.now()
    const { status } = await fetchOver(undefined, port, '/health')
    waits.push(performance.now() - began)
    t.equal(status, 200)
  }
  load.postMessage('stop')
  const [counts] = await once(load, 'message')
  t.comment(`health: ${waits.map(Math.round).join(' ')} ms; answers ${JSON.stringify(counts)}`)
  t.ok(counts[200] >= 50, 'it served the others meanwhile')
  // Half a second on an idle machine; without the limits 10 to 19 s.
  t.ok(Math.max(...waits) < 4_000, `the slowest took ${Math.round(Math.max(...waits))} ms`)
})
