/**
 * Streams to readers, each on a connection of its own while it lasts: counted, bounded, and ended when its reader goes
 * away or takes nothing for too long. Refuses those above the bound, and breaks the connection on an error in
 * mid-stream: no text of ours ever ends up in somebody's data.
 */
import { Readable } from 'node:stream'
import type { Config } from '../platform/config.ts'
import { problem } from '../platform/problem.ts'

/** What is held between the database and a socket; about four chunks. */
const heldBytes = 256 * 1024

/** What tells that the reader of an answer has gone: the raw response. */
export interface Disconnectable {
  readonly destroyed: boolean
  readonly once: (event: 'close', heard: () => void) => unknown
}

export interface Streams {
  /**
   * Opens a stream for a caller over what `make` gives, once its first bytes are there: until then a refusal can still
   * be told. Throws `streams-busy`, and what `make` throws before its first bytes.
   */
  readonly open: (
    make: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
    reader: Disconnectable,
    caller: string,
  ) => Promise<Readable>
  /** Streams that are open now. */
  readonly count: () => number
}

/** One caller holds at most so much of all places, so that somebody who takes nothing leaves some to the others. */
const callerShare = 1 / 2

const streamsOfConfig = new WeakMap<Config, Streams>()

/** The count of streams of a house: one for all addresses that stream records, or each would have places of its own. */
export function streamsOf({ config }: { readonly config: Config }): Streams {
  const known = streamsOfConfig.get(config) ?? buildStreams(config)
  streamsOfConfig.set(config, known)
  return known
}

/** Builds the count of streams that one process may hold open. */
export function buildStreams(
  config: Pick<Config, 'QINGDAN_STREAMS_MAX' | 'QINGDAN_STREAM_STALL_SECONDS'>,
): Streams {
  const { QINGDAN_STREAMS_MAX: max, QINGDAN_STREAM_STALL_SECONDS: stallSeconds } = config
  const callerMax = Math.ceil(max * callerShare)
  const open = new Map<string, number>()
  let count = 0
  const enter = (caller: string) => {
    const own = open.get(caller) ?? 0
    if (count >= max) throw problem('streams-busy', { limit: max })
    if (own >= callerMax) throw problem('streams-busy', { limit: callerMax })
    count++
    open.set(caller, own + 1)
  }
  const leave = (caller: string) => {
    const left = (open.get(caller) ?? 1) - 1
    count--
    if (left === 0) open.delete(caller)
    else open.set(caller, left)
  }
  return {
    count: () => count,
    open: async (make, reader, caller) => {
      enter(caller)
      const gone = new AbortController()
      reader.once('close', () => gone.abort())
      if (reader.destroyed) gone.abort()
      try {
        const chunks = make(gone.signal)[Symbol.asyncIterator]()
        const first = await chunks.next()
        const stream = Readable.from(
          takenInTime(first, chunks, stallSeconds * 1000, () => stream.destroy(new StreamStalled())),
          { objectMode: false, highWaterMark: heldBytes },
        )
        stream.once('close', () => {
          gone.abort()
          leave(caller)
        })
        return stream
      } catch (error) {
        leave(caller)
        // Nobody is left to hear the refusal, and it was no fault of ours.
        throw gone.signal.aborted ? problem('streams-busy') : error
      }
    },
  }
}

class StreamStalled extends Error {
  override readonly name = 'StreamStalled'
  readonly code = 'STREAM_STALLED'
}

/** The chunks, beginning with one that is there already; `stalled` is called where one waits too long to be taken. */
async function* takenInTime(
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
