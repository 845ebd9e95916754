/**
 * Cursors of the feed: a position in the changes of one origin (mirrors keep it), bound to one query. Refuses
 * a cursor that is damaged, belongs to another feed or query, is ahead of this feed, or comes from another
 * history.
 */

import { type FeedChange, findChangePosition, markOf } from '../../catalogue/index.ts'
import type { Runner } from '../../db/database.ts'
import { readCursor, writeCursor } from '../../platform/cursor.ts'
import { problem } from '../../platform/problem.ts'

export interface FeedPosition {
  /** The position of the last change returned; 0 before the first. */
  readonly position: number
  /** Digest of that change; empty before the first. */
  readonly mark: string
}

/** The origin of the feed, and the query as one text. */
export interface FeedName {
  readonly origin: string
  readonly question: string
}

export const beginning: FeedPosition = { position: 0, mark: '' }

/** The position after a change. */
export function nextFeedPosition({ released, ...change }: FeedChange): FeedPosition {
  // The digest covers the change as stored, without what the feed adds to it.
  return { position: change.position, mark: markOf(change) }
}

export function writeFeedCursor({ origin, question }: FeedName, { position, mark }: FeedPosition): string {
  return writeCursor(kindOf(question), { origin, position, mark })
}

/** Reads a cursor and checks it against the stored changes. Throws `cursor-invalid` with the reason. */
export async function readFeedCursor(runner: Runner, feed: FeedName, text: string): Promise<FeedPosition> {
  const { origin, ...position } = parse(feed.question, text)
  if (origin !== feed.origin)
    throw invalidCursor('The cursor belongs to another feed. Start again without `after`.')
  if (position.position === 0) return beginning
  const { change, head } = await findChangePosition(runner, position.position)
  if (position.position > head) {
    throw invalidCursor(
      'The cursor is ahead of this feed, which was perhaps restored from a backup. Start again without `after`.',
    )
  }
  if (change === undefined || markOf(change) !== position.mark) {
    throw invalidCursor('The cursor belongs to another history of this feed. Start again without `after`.')
  }
  return position
}

const kindOf = (question: string) => `changes ${question}`

function parse(question: string, text: string): FeedPosition & { readonly origin: string } {
  const value = read(question, text)
  if (!isCursorValue(value)) throw invalidCursor(damaged)
  return value
}

function read(question: string, text: string): unknown {
  try {
    return readCursor(kindOf(question), text)
  } catch (error) {
    throw Object.assign(invalidCursor(damaged), { cause: error })
  }
}

const damaged =
  'The cursor is damaged, or was issued for another query: use it with the same `type`, `dataset` and key.'

function invalidCursor(detail: string) {
  return problem('cursor-invalid', { path: 'after', detail })
}

function isCursorValue(value: unknown): value is FeedPosition & { readonly origin: string } {
  if (typeof value !== 'object' || value === null) return false
  const { origin, position, mark } = value as Readonly<Record<string, unknown>>
  const isPosition = Number.isSafeInteger(position) && (position as number) >= 0
  return typeof origin === 'string' && isPosition && typeof mark === 'string'
}
