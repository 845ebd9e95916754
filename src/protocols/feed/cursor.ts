/**
 * Cursors of the feed: a place in the changes of one origin, which its mirrors keep, pinned to the question that it
 * belongs to. Refuses one that is damaged, of another feed or question, ahead of this feed, or of another history.
 */

import { type FeedChange, findChangePosition, markOf } from '../../catalogue/index.ts'
import type { Runner } from '../../db/database.ts'
import { readCursor, writeCursor } from '../../platform/cursor.ts'
import { problem } from '../../platform/problem.ts'

export interface FeedPosition {
  /** The position of the change that was given last; 0 before the first. */
  readonly position: number
  /** What stands for that change; empty before the first. */
  readonly mark: string
}

/** Whose feed it is, and the question as one text. */
export interface FeedName {
  readonly origin: string
  readonly question: string
}

export const beginning: FeedPosition = { position: 0, mark: '' }

/** The place behind a change. */
export function nextFeedPosition({ released, ...change }: FeedChange): FeedPosition {
  // The change as it is stored: what the feed adds to it is no part of what stands for it.
  return { position: change.position, mark: markOf(change) }
}

export function writeFeedCursor({ origin, question }: FeedName, { position, mark }: FeedPosition): string {
  return writeCursor(kindOf(question), { origin, position, mark })
}

/** Reads a cursor back and holds it to the changes that are here. Throws `cursor-invalid`, saying why. */
export async function readFeedCursor(runner: Runner, feed: FeedName, text: string): Promise<FeedPosition> {
  const { origin, ...place } = parse(feed.question, text)
  if (origin !== feed.origin) throw refused('The cursor is of another feed. Begin without `after`.')
  if (place.position === 0) return beginning
  const { change, head } = await findChangePosition(runner, place.position)
  if (place.position > head) {
    throw refused(
      'The cursor is ahead of this feed: of a time that it has not come to, or was set back from.',
    )
  }
  if (change === undefined || markOf(change) !== place.mark) {
    throw refused('The cursor is of another history of this feed. Begin without `after`.')
  }
  return place
}

const kindOf = (question: string) => `changes ${question}`

function parse(question: string, text: string): FeedPosition & { readonly origin: string } {
  const value = read(question, text)
  if (!isPlace(value)) throw refused(notOurs)
  return value
}

function read(question: string, text: string): unknown {
  try {
    return readCursor(kindOf(question), text)
  } catch (error) {
    throw Object.assign(refused(notOurs), { cause: error })
  }
}

const notOurs =
  'It is damaged, or was given for another question: the same `type`, `dataset` and key go with a cursor.'

function refused(detail: string) {
  return problem('cursor-invalid', { path: 'after', detail })
}

function isPlace(value: unknown): value is FeedPosition & { readonly origin: string } {
  if (typeof value !== 'object' || value === null) return false
  const { origin, position, mark } = value as Readonly<Record<string, unknown>>
  const isPosition = Number.isSafeInteger(position) && (position as number) >= 0
  return typeof origin === 'string' && isPosition && typeof mark === 'string'
}
