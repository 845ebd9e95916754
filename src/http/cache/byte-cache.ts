/**
 * Cache of response bytes: bounded in bytes, least recently used first out, concurrent requests for one name
 * computed once. The bytes of a name must never change; a change of the catalogue only frees memory.
 */
import { LRUCache } from 'lru-cache'
import type { HttpContext } from '../context.ts'

/** Limit of one entry as a share of the whole, so that a large response does not evict all small ones. */
const entryShareMax = 1 / 8

/** Overhead of an entry beyond its bytes, measured on Node 20: the buffer object, the map and the list. */
const entryBytesBeside = 400

/** A cached response: its bytes, and the headers that depend on them alone. */
export interface CachedBody {
  readonly bytes: Buffer
  readonly headers: Readonly<Record<string, string>>
}

export interface ByteCache {
  /** The cached response of a name, if any. */
  readonly find: (name: string) => CachedBody | undefined
  /**
   * The response of a name, cached or computed. A failure rejects for all who wait and is not cached. A
   * caller that disconnects does not cancel the computation for others.
   */
  readonly get: (name: string, make: () => Promise<CachedBody>) => Promise<CachedBody>
}

const caches = new WeakMap<HttpContext['database'], ByteCache>()

/** The cache of this process, within `QINGDAN_CACHE_BYTES_MAX`; cleared when the catalogue changes. */
export function byteCacheOf({ database, config }: Pick<HttpContext, 'config' | 'database'>): ByteCache {
  const known = caches.get(database)
  if (known !== undefined) return known
  const { kept, clear } = buildByteCache(config.QINGDAN_CACHE_BYTES_MAX)
  caches.set(database, kept)
  database.subscribe(clear)
  return kept
}

function lengthOf(headers: CachedBody['headers']): number {
  let length = 0
  for (const name in headers) length += name.length + (headers[name]?.length ?? 0)
  return length
}

/** Caches up to so many bytes; 0 turns the cache off. */
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
  // A computation begun before a change must not be stored after it.
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
