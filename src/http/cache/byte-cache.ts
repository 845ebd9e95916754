/**
 * Cache of response bytes: bounded in bytes, least recently used first out, concurrent requests for one name
 * computed once. The bytes of a name must never change; a change of the catalogue only frees memory.
 */
import { LRUCache } from 'lru-cache'
import type { HttpContext } from '../context.ts'

/** Limit of one entry as a share of the whole, so that a large response does not evict all small ones. */
const entryShareMax = 1 / 8

/**
 * Bytes that an entry takes beyond its content, measured on Node 20: the buffer object, the map and the list.
 */
const entryOverheadBytes = 400

/** A cached response: its bytes, and the headers that depend on them alone. */
export interface CachedBody {
  readonly bytes: Buffer
  readonly headers: Readonly<Record<string, string>>
}

interface ByteCache {
  /** The cached response of a name, if any. */
  readonly find: (name: string) => CachedBody | undefined
  /**
   * The response of a name, cached or computed. With `if-repeated` it is kept when it is computed the second
   * time: most pages are read once, and keeping their bytes costs much of computing them. A failure rejects for
   * all who wait and is not cached. A caller that disconnects does not cancel the computation for others.
   */
  readonly get: (name: string, work: () => Promise<CachedBody>, keep?: Keep) => Promise<CachedBody>
}

/** When a computed response is kept. */
type Keep = 'at-once' | 'if-repeated'

/** Names of responses that were computed once and not kept: about 1 MB of memory when full. */
const namesMax = 5_000

const caches = new WeakMap<HttpContext['database'], ByteCache>()

/** The cache of this process, within `QINGDAN_CACHE_BYTES_MAX`; cleared when the catalogue changes. */
export function byteCacheOf({ database, config }: Pick<HttpContext, 'config' | 'database'>): ByteCache {
  const known = caches.get(database)
  if (known !== undefined) return known
  const { cache, clear } = buildByteCache(config.QINGDAN_CACHE_BYTES_MAX)
  caches.set(database, cache)
  database.subscribe(clear)
  return cache
}

function lengthOf(headers: CachedBody['headers']): number {
  let length = 0
  for (const name in headers) length += name.length + (headers[name]?.length ?? 0)
  return length
}

/** Caches up to so many bytes; 0 turns the cache off. */
export function buildByteCache(bytesMax: number): { readonly cache: ByteCache; readonly clear: () => void } {
  const pending = new Map<string, Promise<CachedBody>>()
  const entries =
    bytesMax === 0
      ? undefined
      : new LRUCache<string, CachedBody>({
          maxSize: bytesMax,
          maxEntrySize: Math.max(1, Math.floor(bytesMax * entryShareMax)),
          sizeCalculation: ({ bytes, headers }, name) =>
            bytes.length + 2 * (name.length + lengthOf(headers)) + entryOverheadBytes,
        })
  const computedOnce = new LRUCache<string, true>({ max: namesMax })
  const mustStore = (name: string, keep: Keep) => {
    if (keep === 'at-once' || computedOnce.delete(name)) return true
    computedOnce.set(name, true)
    return false
  }
  // A computation begun before a change must not be stored after it.
  let changes = 0
  const compute = async (name: string, work: () => Promise<CachedBody>, keep: Keep) => {
    const began = changes
    try {
      const answer = await work()
      if (began === changes && mustStore(name, keep)) entries?.set(name, answer)
      return answer
    } finally {
      pending.delete(name)
    }
  }
  return {
    cache: {
      find: (name) => entries?.get(name),
      get: async (name, work, keep = 'at-once') => {
        const found = entries?.get(name) ?? pending.get(name)
        if (found !== undefined) return found
        const computation = compute(name, work, keep)
        pending.set(name, computation)
        return computation
      },
    },
    clear: () => {
      changes += 1
      entries?.clear()
      computedOnce.clear()
    },
  }
}
