/**
 * Limits streamed responses, each of which holds a database connection. A stream ends when its client
 * disconnects or stalls. Refuses streams above the limit. An error in mid-stream breaks the connection, so
 * that no error text can end up in the data.
 */
import { Readable } from 'node:stream'
import type { Config } from '../platform/config.ts'
import { problem } from '../platform/problem.ts'

/** Buffer between the database and a socket; about four chunks. */
const bufferBytes = 256 * 1024

/** The raw response, as far as it reports that the client has disconnected. */
export interface Disconnectable {
  readonly destroyed: boolean
  readonly once: (event: 'close', listener: () => void) => unknown
}

export interface Streams {
  /**
   * Opens a stream of what `make` yields, once its first bytes have arrived: until then an error still
   * becomes a problem response. Throws `streams-busy`, and what `make` throws before its first bytes.
   */
  readonly open: (
    make: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
    client: Disconnectable,
    callerKey: string,
  ) => Promise<Readable>
  /** Number of open streams. */
  readonly count: () => number
}

/**
 * The fraction of all streams that one caller may hold, so that a stalled client leaves some to the others.
 */
const callerFraction = 1 / 2

const streamsOfConfig = new WeakMap<Config, Streams>()

/** The stream limit of a context, shared by all routes that stream records. */
export function streamsOf({ config }: { readonly config: Config }): Streams {
  const known = streamsOfConfig.get(config) ?? buildStreams(config)
  streamsOfConfig.set(config, known)
  return known
}

/** Builds the stream limit of one process. */
function buildStreams(config: Pick<Config, 'QINGDAN_STREAMS_MAX' | 'QINGDAN_STREAM_STALL_SECONDS'>): Streams {
  const { QINGDAN_STREAMS_MAX: max, QINGDAN_STREAM_STALL_SECONDS: stallSeconds } = config
  const callerMax = Math.ceil(max * callerFraction)
  const open = new Map<string, number>()
  let count = 0
  const enter = (callerKey: string) => {
    const current = open.get(callerKey) ?? 0
    if (count >= max) throw problem('streams-busy', { limit: max })
    if (current >= callerMax) throw problem('streams-busy', { limit: callerMax })
    count++
    open.set(callerKey, current + 1)
  }
  const leave = (callerKey: string) => {
    const remaining = (open.get(callerKey) ?? 1) - 1
    count--
    if (remaining === 0) open.delete(callerKey)
    else open.set(callerKey, remaining)
  }
  return {
    count: () => count,
    open: async (make, client, callerKey) => {
      enter(callerKey)
      const disconnected = new AbortController()
      client.once('close', () => disconnected.abort())
      if (client.destroyed) disconnected.abort()
      try {
        const chunks = make(disconnected.signal)[Symbol.asyncIterator]()
        const first = await chunks.next()
        const stream = Readable.from(
          withStallTimeout(first, chunks, stallSeconds * 1000, () => stream.destroy(new StreamStalled())),
          { objectMode: false, highWaterMark: bufferBytes },
        )
        stream.once('close', () => {
          disconnected.abort()
          leave(callerKey)
        })
        return stream
      } catch (error) {
        leave(callerKey)
        // The client has disconnected: a problem instead of the error, which would be logged as an internal
        // one.
        throw disconnected.signal.aborted ? problem('streams-busy') : error
      }
    },
  }
}

class StreamStalled extends Error {
  override readonly name = 'StreamStalled'
  readonly code = 'STREAM_STALLED'
}

/**
 * Yields `first`, then the other chunks; calls `stalled` when a chunk is not consumed within `milliseconds`.
 */
async function* withStallTimeout(
  first: IteratorResult<Uint8Array>,
  chunks: AsyncIterator<Uint8Array>,
  milliseconds: number,
  stalled: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    for (let result = first; result.done !== true; result = await chunks.next()) {
      const timer = setTimeout(stalled, milliseconds)
      try {
        yield result.value
      } finally {
        clearTimeout(timer)
      }
    }
  } finally {
    await chunks.return?.()
  }
}
