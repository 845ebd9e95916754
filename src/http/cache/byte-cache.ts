/**
 * Answers as bytes, kept to be given again: bounded in bytes, what was wanted longest ago goes first, equal ones at the
 * same time are made once. A name must stand for its bytes for ever; a change only frees what nobody will ask for again.
 */
import { LRUCache } from 'lru-cache'
import type { HttpContext } from '../context.ts'

/** A share of the whole, so that one large answer doesn't put out all the small ones. */
const entryShareMax = 1 / 8

/** What an entry takes besides its bytes, as measured on Node 20: the buffer's object, the map's and the list's share. */
const entryBytesBeside = 400

/** An answer as it is kept: its bytes, and the headers that follow from them alone. */
export interface CachedBody {
  readonly bytes: Buffer
  readonly headers: Readonly<Record<string, string>>
}

export interface ByteCache {
  /** The answer of a name where it is kept. */
  readonly find: (name: string) => CachedBody | undefined
  /**
   * The answer of a name, kept or made. What fails is told to all who wait for it and is not kept; who goes away while
   * it is being made takes it from nobody.
   */
  readonly get: (name: string, make: () => Promise<CachedBody>) => Promise<CachedBody>
}

const keptOf = new WeakMap<HttpContext['database'], ByteCache>()

/** What this process keeps for a house, within `QINGDAN_CACHE_BYTES_MAX`; freed at each change of the catalogue. */
export function byteCacheOf({ database, config }: Pick<HttpContext, 'config' | 'database'>): ByteCache {
  const known = keptOf.get(database)
  if (known !== undefined) return known
  const { kept, clear } = buildByteCache(config.QINGDAN_CACHE_BYTES_MAX)
  keptOf.set(database, kept)
  database.hear(clear)
  return kept
}

function lengthOf(headers: CachedBody['headers']): number {
  let length = 0
  for (const name in headers) length += name.length + (headers[name]?.length ?? 0)
  return length
}

/** Keeps up to so many bytes; none where that is 0. */
export function buildByteCache(bytesMax: number): { readonly kept: ByteCache; readonly clear: () => void } {
  const making = new Map<string, Promise<CachedBody>>()
  const cache =
    bytesMax === 0
      ? undefined
      : new LRUCache<string, CachedBody>({
          maxSize: bytesMax,
          maxEntrySize: Math.max(1, Math.floor(bytesMax * entryShareMax)),
          sizeCalculation: ({ bytes, headers }, name) =>
            bytes.length + 2 * (name.length + lengthOf(headers)) + entryBytesBeside,
        })
  // What was begun before a change must not stay behind after it.
  let changes = 0
  const make = async (name: string, work: () => Promise<CachedBody>) => {
    const began = changes
    try {
      const answer = await work()
      if (began === changes) cache?.set(name, answer)
      return answer
    } finally {
      making.delete(name)
    }
  }
  return {
    kept: {
      find: (name) => cache?.get(name),
      get: async (name, work) => {
        const found = cache?.get(name) ?? making.get(name)
        if (found !== undefined) return found
        const made = make(name, work)
        making.set(name, made)
        return made
      },
    },
    clear: () => {
      changes += 1
      cache?.clear()
    },
  }
}
