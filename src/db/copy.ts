/**
 * COPY in both directions, each on its own connection, which is closed on any error, abort or early end: in a
 * pool, a rejected row or a slow reader would block the connection. Errors of the server lose their message,
 * because it quotes rows.
 */
import { addAbortSignal, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Client } from 'pg'
import { from, to } from 'pg-copy-streams'
import { type Addresses, openConnection, type ReusableConnections } from './connections.ts'
import type { CopyToOptions } from './database.ts'
import { withoutValues } from './database-error.ts'

/** Each chunk costs a message or a system call: 54 MB took 6.9 s in the server's chunks, 1.8 s in these. */
const chunkBytes = 64 * 1024

/**
 * `COPY … FROM STDIN` under the working role. Returns the number of rows. Throws ServerError if the server
 * rejects a row, the signal's reason if aborted, and whatever the source throws.
 */
export async function copyFrom(
  connections: ReusableConnections,
  statement: string,
  source: AsyncIterable<Uint8Array | string>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<number> {
  const { signal } = options
  signal?.throwIfAborted()
  const isThere = (client: Client) => client.query('SELECT')
  // On any error the connection is closed, which ends a COPY that is still open and its backend.
  return connections.use(isThere, (client) => runCopy(client, statement, source, signal))
}

async function runCopy(
  client: Client,
  statement: string,
  source: AsyncIterable<Uint8Array | string>,
  signal: AbortSignal | undefined,
): Promise<number> {
  const failure: { cause?: unknown } = {}
  const rows = Readable.from(inChunks(recordError(source, failure)), { objectMode: true })
  const copy = client.query(from(statement, { highWaterMark: 1 << 20 }))
  try {
    const ended = pipeline(rows, copy, signal === undefined ? {} : { signal })
    // A source that never answers would keep the pipeline open after the server has rejected the COPY.
    const rejected = new Promise<never>((_resolve, reject) => {
      copy.once('error', reject)
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    ended.catch(() => undefined)
    await Promise.race([ended, rejected])
    return copy.rowCount
  } catch (error) {
    signal?.throwIfAborted()
    // If the source fails, the COPY is cancelled, and the server's error about that may arrive first.
    throw withoutValues('cause' in failure ? failure.cause : error)
  } finally {
    rows.destroy()
  }
}

/**
 * `COPY … TO STDOUT` in chunks of about 64 kB, by default under the serving role. Ending the iteration early
 * ends the backend, even while the server sends nothing. Throws as `copyFrom` does.
 */
export function copyTo(
  addresses: Addresses,
  statement: string,
  options: CopyToOptions = {},
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => {
      const callerSignal = options.signal
      const early = new AbortController()
      const signal = callerSignal === undefined ? early.signal : AbortSignal.any([callerSignal, early.signal])
      const chunks = read(addresses, statement, options, signal)
      return {
        next: () => chunks.next(),
        return: async () => {
          // The generator alone would first wait for the chunk that it requested.
          early.abort()
          await chunks.return(undefined)
          return { done: true, value: undefined }
        },
      }
    },
  }
}

async function* read(
  addresses: Addresses,
  statement: string,
  { role = 'serve', values = {} }: CopyToOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal.throwIfAborted()
  const client = await openConnection(addresses[role], role, 'copy')
  for (const [name, value] of Object.entries(values)) {
    await client.query('SELECT set_config($1, $2, false)', [`qingdan.${name}`, value])
  }
  const copy = client.query(to(statement, { highWaterMark: chunkBytes }))
  try {
    yield* inChunks(addAbortSignal(signal, copy) as AsyncIterable<Uint8Array>)
  } catch (error) {
    signal.throwIfAborted()
    throw withoutValues(error)
  } finally {
    copy.destroy()
    await client.end().catch(() => undefined)
  }
}

/** The source unchanged; an error that it throws is recorded. */
async function* recordError(
  source: AsyncIterable<Uint8Array | string>,
  failure: { cause?: unknown },
): AsyncGenerator<Uint8Array | string, void, undefined> {
  try {
    yield* source
  } catch (error) {
    failure.cause = error
    throw error
  }
}

async function* inChunks(
  source: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let pending: Uint8Array[] = []
  let pendingBytes = 0
  for await (const piece of source) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
    if (pendingBytes === 0 && bytes.length >= chunkBytes) {
      yield bytes
      continue
    }
    pending.push(bytes)
    pendingBytes += bytes.length
    if (pendingBytes < chunkBytes) continue
    yield Buffer.concat(pending)
    pending = []
    pendingBytes = 0
  }
  if (pendingBytes > 0) yield Buffer.concat(pending)
}
