/**
 * The load generator, a process of its own: several connections, each with one request under way, sent as
 * prepared bytes over bare sockets. autocannon, in JavaScript too, would be the bottleneck (7,700 answers a
 * second from a server that gives wrk 16,000) and would itself be measured. This one refuses answers with an
 * unexpected status, and those without a Content-Length.
 */
import { connect, type Socket } from 'node:net'

export interface Load {
  readonly port: number
  /** Paths requested in turn, beginning where the previous load of the same list ended. */
  readonly paths: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly status: number
  readonly connections: number
  readonly seconds: number
}

export interface Loaded {
  readonly answers: number
  readonly seconds: number
  readonly bytes: number
}

const headEnd = Buffer.from('\r\n\r\n')

process.on('message', (load: Load) => {
  run(load).then(
    (loaded) => process.send?.({ loaded }),
    (error: Error) => process.send?.({ failed: error.message }),
  )
})
process.on('disconnect', () => process.exit())

let next = 0

async function run(load: Load): Promise<Loaded> {
  const requests = load.paths.map((path) => requestOf(path, load))
  const began = performance.now()
  const until = began + load.seconds * 1000
  const counts = await Promise.all(
    Array.from({ length: load.connections }, () => walk(load, requests, until)),
  )
  const seconds = (performance.now() - began) / 1000
  return {
    answers: counts.reduce((sum, count) => sum + count.answers, 0),
    bytes: counts.reduce((sum, count) => sum + count.bytes, 0),
    seconds,
  }
}

function requestOf(path: string, { port, headers }: Load): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${lines.join('')}\r\n`)
}

/**
 * One connection at a time: sends a request, waits for the whole answer, and repeats until the time is over.
 * Where a server ends a connection after a number of requests, the next request opens another.
 */
function walk(
  load: Load,
  requests: readonly Buffer[],
  until: number,
): Promise<{ answers: number; bytes: number }> {
  const count = { answers: 0, bytes: 0 }
  return new Promise((resolve, reject) => {
    const open = () => {
      const socket = connect(load.port, '127.0.0.1').setNoDelay(true)
      const ask = () => {
        socket.write(requests[next++ % requests.length] ?? '')
      }
      const onAnswer = (closes: boolean) => {
        count.answers += 1
        const over = performance.now() >= until
        if (!over && !closes) return ask()
        socket.end()
        if (over) resolve(count)
        else open()
      }
      socket.once('connect', ask).once('error', reject)
      readAnswers(socket, load.status, count, onAnswer, reject)
    }
    open()
  })
}

/** Reports each answer once its last byte has arrived, and whether the server closes the connection after it. */
function readAnswers(
  socket: Socket,
  status: number,
  count: { bytes: number },
  onAnswer: (closes: boolean) => void,
  onFault: (error: Error) => void,
): void {
  let head: Buffer | undefined
  let missing = 0
  let closes = false
  socket.on('data', (chunk: Buffer) => {
    count.bytes += chunk.length
    if (missing > 0) {
      missing -= chunk.length
      if (missing === 0) onAnswer(closes)
      return
    }
    const held: Buffer = head === undefined ? chunk : Buffer.concat([head, chunk])
    const end = held.indexOf(headEnd)
    if (end < 0) {
      head = held
      return
    }
    head = undefined
    const text = held.toString('latin1', 0, end)
    const length = status === 304 ? '0' : /content-length: (\d+)/i.exec(text)?.[1]
    if (Number(text.slice(9, 12)) !== status || length === undefined) {
      socket.destroy()
      onFault(new Error(`expected ${status} with a length:\n${text}`))
      return
    }
    closes = /\r\nconnection: close/i.test(text)
    missing = Number(length) - (held.length - end - headEnd.length)
    if (missing === 0) onAnswer(closes)
  })
}
