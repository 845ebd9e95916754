/**
 * Look-ups of what is published, kept in memory between changes: every answer needs them, and they change some times a
 * day. A change by any process empties them; while its notices don't reach us, nothing is kept and nothing is given.
 */
import { LRUCache } from 'lru-cache'
import type { Database } from '../db/database.ts'

/** More than the editions of a city's datasets; a look-up holds some kilobytes. */
const lookupsMax = 2_000

interface Lookups {
  readonly kept: LRUCache<string, Promise<unknown>>
  readonly isHeard: () => boolean
}

const lookupsOf = new WeakMap<Database, Lookups>()

function open(database: Database): Lookups {
  const kept = new LRUCache<string, Promise<unknown>>({ max: lookupsMax })
  const isHeard = database.hear(() => kept.clear())
  return { kept, isHeard }
}

/**
 * The look-up of this name, kept or read. Equal ones at the same time are read once. `isLasting` tells whether an answer
 * stays true until the next change; a failure never is kept.
 */
export function lookUp<T>(
  database: Database,
  name: string,
  read: () => Promise<T>,
  isLasting: (answer: T) => boolean,
): Promise<T> {
  const lookups = lookupsOf.get(database) ?? open(database)
  lookupsOf.set(database, lookups)
  const { kept, isHeard } = lookups
  if (!isHeard()) return read()
  const known = kept.get(name) as Promise<T> | undefined
  if (known !== undefined) return known
  const reading = read()
  kept.set(name, reading)
  const forget = () => {
    if (kept.peek(name) === reading) kept.delete(name)
  }
  reading.then((answer) => isLasting(answer) || forget(), forget)
  return reading
}
