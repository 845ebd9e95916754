/** The load generator as the rows use it: one process for the whole run, so only its first load is cold. */
import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { BenchContext } from './context.ts'
import type { Load, Loaded } from './load.ts'
import { root, type Service } from './processes.ts'

/** Concurrent requests: enough to keep a single-threaded server busy, as many as a pool has connections. */
const connections = 10

export interface Requests {
  readonly paths: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly status?: number
}

/** Loads a server for the scale's seconds, and returns its answers per second. */
export async function rateOf(context: BenchContext, server: Service, requests: Requests): Promise<number> {
  const generator = await context.once('load generator', () => startGenerator(context))
  const load: Load = {
    port: Number(new URL(server.url).port),
    paths: requests.paths,
    headers: requests.headers ?? {},
    status: requests.status ?? 200,
    connections,
    seconds: context.seconds,
  }
  generator.send(load)
  const [report] = (await once(generator, 'message')) as [{ loaded?: Loaded; failed?: string }]
  if (report.loaded === undefined) throw new Error(report.failed)
  return report.loaded.answers / report.loaded.seconds
}

async function startGenerator(context: BenchContext): Promise<ChildProcess> {
  const child = fork(join(root, 'bench', 'load.ts'), { execArgv: ['--import=tsx'] })
  await once(child, 'spawn')
  context.atEnd(async () => {
    if (child.exitCode !== null) return
    // With an IPC channel `close` is not always emitted.
    const ended = once(child, 'exit')
    child.disconnect()
    await ended
  })
  return child
}

export interface Download {
  readonly bytes: number
  readonly seconds: number
  /** SHA-256 of the body, lower-case hex; only on request, because it takes longer than the transfer. */
  readonly digest?: string
}

/** Bytes read at a time, as a browser or curl would for a large file. */
const readBytes = 1 << 20

/** Downloads a whole body over one connection and discards it. Refuses any status but 200; allows chunks. */
export async function download(
  url: string,
  { digested = false, headers = {} }: { digested?: boolean; headers?: Readonly<Record<string, string>> } = {},
): Promise<Download> {
  return digested ? downloadDigested(url, headers) : downloadBare(url, headers)
}

async function downloadDigested(url: string, headers: Readonly<Record<string, string>>): Promise<Download> {
  const answer = await fetch(url, { headers })
  if (answer.status !== 200 || answer.body === null) throw new Error(`${url} answers ${answer.status}`)
  const hash = createHash('sha256')
  let bytes = 0
  const began = performance.now()
  for await (const chunk of answer.body) {
    bytes += chunk.length
    hash.update(chunk)
  }
  return { bytes, seconds: (performance.now() - began) / 1000, digest: hash.digest('hex') }
}

/** The server closes the connection after the body, so its end is known without parsing it. */
function downloadBare(url: string, headers: Readonly<Record<string, string>>): Promise<Download> {
  const { port, pathname, search, host } = new URL(url)
  const lines = Object.entries({ host, connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  const began = performance.now()
  let bytes = 0
  let status = ''
  return new Promise((resolve, reject) => {
    const socket = connect({
      port: Number(port),
      host: '127.0.0.1',
      onread: {
        // One buffer for all reads: otherwise allocating a hundred megabytes would be measured too.
        buffer: Buffer.allocUnsafe(readBytes),
        callback: (count, buffer) => {
          if (bytes === 0) status = Buffer.from(buffer.buffer, buffer.byteOffset, 12).toString()
          bytes += count
          return true
        },
      },
    })
    socket.once('error', reject)
    socket.once('connect', () => socket.write(`GET ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`))
    socket.once('close', () => {
      if (status !== 'HTTP/1.1 200') reject(new Error(`${url} answers ${status}`))
      else resolve({ bytes, seconds: (performance.now() - began) / 1000 })
    })
  })
}
