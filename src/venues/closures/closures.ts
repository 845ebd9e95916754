/**
 * Closures of venues and one-off openings. They are changes in the change log and nowhere else, so that mirrors have
 * them and the feed and the answers of this service can't differ: the closures in force are what all changes up to a
 * position leave. Pure, except for `readClosures`.
 */
import { readChanges } from '../../catalogue/index.ts'
import type { Runner } from '../../db/database.ts'
import type { Closure } from '../open.ts'

/** A closure as its change has it. Instants in ISO form. */
export interface ClosureBody {
  readonly id: string
  readonly venue: string
  readonly kind: Closure['kind']
  readonly from: string
  /** Null until it is removed. */
  readonly until: string | null
  readonly reason: string
  readonly removed: boolean
}

/** A closure with its text. */
export interface StoredClosure extends Closure {
  readonly id: string
  readonly dataset: string
  readonly venue: string
  readonly reason: string
  readonly isRemoved: boolean
}

/** All closures up to a position of the change log. */
export interface Closures {
  /** Position of the last change of a closure; 0 if there is none. */
  readonly position: number
  /** By id, with those removed. */
  readonly byId: ReadonlyMap<string, StoredClosure>
  /** In force or announced or past, without those removed, by `venueKey`. */
  readonly byVenue: ReadonlyMap<string, readonly StoredClosure[]>
}

export const noClosures: Closures = { position: 0, byId: new Map(), byVenue: new Map() }

export function venueKey(dataset: string, venue: string): string {
  return `${dataset} ${venue}`
}

/** The closures after the changes since those that are known. */
export async function readClosures(runner: Runner, known: Closures): Promise<Closures> {
  const changes = await readChanges(runner, known.position, 'closure-changed')
  const last = changes.at(-1)
  if (last === undefined) return known
  const [byId, byVenue] = [new Map(known.byId), new Map(known.byVenue)]
  for (const { dataset, body } of changes) {
    const closure = storedOf(dataset, body as ClosureBody)
    byId.set(closure.id, closure)
    const key = venueKey(dataset, closure.venue)
    const others = (byVenue.get(key) ?? []).filter(({ id }) => id !== closure.id)
    byVenue.set(key, closure.isRemoved ? others : [...others, closure])
  }
  return { position: last.position, byId, byVenue }
}

function storedOf(dataset: string, body: ClosureBody): StoredClosure {
  const { id, venue, kind, reason, removed } = body
  const until = body.until === null ? {} : { until: Date.parse(body.until) }
  return { id, dataset, venue, kind, reason, isRemoved: removed, from: Date.parse(body.from), ...until }
}

/** The body of a closure's change. */
export function bodyOf({ id, venue, kind, from, until, reason, isRemoved }: StoredClosure): ClosureBody {
  return {
    ...{ id, venue, kind, reason, removed: isRemoved },
    from: new Date(from).toISOString(),
    until: until === undefined ? null : new Date(until).toISOString(),
  }
}
