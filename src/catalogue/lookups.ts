/**
 * A cache of look-ups of published data, which every request needs and which change a few times a day. A
 * change by any process empties it; while change notices do not arrive, nothing is cached or served from the
 * cache.
 */
import { LRUCache } from 'lru-cache'
import type { Database } from '../db/database.ts'

/** More than the editions of a city's datasets; a look-up takes some kilobytes. */
const lookupsMax = 2_000

interface Lookups {
  readonly cache: LRUCache<string, Promise<unknown>>
  readonly isSubscribed: () => boolean
}

const lookupsOf = new WeakMap<Database, Lookups>()

function open(database: Database): Lookups {
  const cache = new LRUCache<string, Promise<unknown>>({ max: lookupsMax })
  const isSubscribed = database.subscribe(() => cache.clear())
  return { cache, isSubscribed }
}

/**
 * The look-up of this name, from the cache or the database. Concurrent equal look-ups share one query.
 * `isLasting` tells whether a result stays valid until the next change; failures are never cached.
 */
export function lookUp<T>(
  database: Database,
  name: string,
  read: () => Promise<T>,
  isLasting: (result: T) => boolean,
): Promise<T> {
  const lookups = lookupsOf.get(database) ?? open(database)
  lookupsOf.set(database, lookups)
  const { cache, isSubscribed } = lookups
  if (!isSubscribed()) return read()
  const known = cache.get(name) as Promise<T> | undefined
  if (known !== undefined) return known
  const result = read()
  cache.set(name, result)
  const forget = () => {
    if (cache.peek(name) === result) cache.delete(name)
  }
  result.then((value) => isLasting(value) || forget(), forget)
  return result
}
