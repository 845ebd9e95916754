/**
 * A relay between a puller and its source: it forwards everything to the real service, records the requests,
 * and changes responses as the test says. It represents a proxy, a bad connection, or somebody who
 * impersonates the source.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Relayed {
  status: number
  readonly headers: Headers
  body: Buffer
}

/** What a rule does to a response: `cut` sends that many bytes of it and breaks the connection. */
export interface Rule {
  /** Matched against the path with its query. */
  readonly matches: RegExp
  /** How often it applies; always without a number. */
  times?: number
  readonly alter?: (answer: Relayed) => void
  readonly cut?: number
  /** Awaited before anything is sent. */
  readonly before?: () => Promise<void>
  /** Awaited before the connection breaks, for example until the sent bytes have been processed. */
  readonly until?: () => Promise<void>
}

export interface Relay {
  readonly base: string
  readonly requests: readonly {
    readonly path: string
    readonly headers: IncomingMessage['headers']
    readonly status: number
  }[]
  /** The current rules; the test changes them. */
  rules: Rule[]
}

/** Starts a relay to a service; it ends with the test. */
export async function openRelay(
  t: { readonly teardown: (work: () => Promise<void>) => unknown },
  to: () => string,
): Promise<Relay> {
  const requests: { path: string; headers: IncomingMessage['headers']; status: number }[] = []
  const relay = { base: '', requests, rules: [] as Rule[] }
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? ''
    const headers = { ...(request.headers as Record<string, string>) }
    for (const name of ['host', 'connection', 'accept-encoding']) delete headers[name]
    const upstream = await fetch(`${to()}${path}`, {
      headers: { ...headers, 'accept-encoding': 'identity' },
      redirect: 'manual',
    })
    const relayed: Relayed = {
      status: upstream.status,
      headers: new Headers(upstream.headers),
      body: Buffer.from(await upstream.arrayBuffer()),
    }
    const rule = relay.rules.find((one) => one.matches.test(path) && one.times !== 0)
    if (rule?.times !== undefined) rule.times -= 1
    await rule?.before?.()
    rule?.alter?.(relayed)
    requests.push({ path, headers: request.headers, status: relayed.status })
    relayed.headers.delete('transfer-encoding')
    relayed.headers.delete('connection')
    relayed.headers.set('content-length', String(relayed.body.byteLength))
    response.writeHead(relayed.status, Object.fromEntries(relayed.headers))
    if (rule?.cut === undefined) response.end(relayed.body)
    else {
      response.write(relayed.body.subarray(0, rule.cut))
      await rule.until?.()
      request.socket.end()
    }
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  relay.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return relay
}
