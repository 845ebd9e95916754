/**
 * The feed: the ordered changes from a cursor on, as its reader may see them. One cursor misses nothing and repeats
 * nothing: positions appear in the order of commits, and a cursor is the place behind the change that was given last.
 */
import type { Static } from 'typebox'
import { accountOf } from '../../accounts/index.ts'
import {
  type AppContext,
  addresses,
  type FeedChange,
  findOrigin,
  listPinned,
  readFeed,
} from '../../catalogue/index.ts'
import type { Caller } from '../../platform/caller.ts'
import { changeBody } from './bodies.ts'
import {
  byDataset,
  type FeedQuestion,
  feedTypeOf,
  isInFeed,
  type Pinned,
  parseQuestion,
  questionText,
  selectionOf,
} from './change-types.ts'
import {
  beginning,
  type FeedName,
  type FeedPosition,
  nextFeedPosition,
  readFeedCursor,
  writeFeedCursor,
} from './cursor.ts'
import { type FeedQuery, type FeedSchema, feedLimitDefault } from './schemas.ts'
import type { ChangeWaiters, WaitingClient } from './wait-for-change.ts'

export interface FeedRequest {
  readonly parameters: Static<typeof FeedQuery>
  readonly reader: Caller
  /** What stands for the caller where callers are counted. */
  readonly caller: string
  readonly leaver: WaitingClient
}

/**
 * A page of the feed; where nothing is behind the cursor it waits as long as it was asked to. Throws `cursor-invalid`,
 * `parameter-invalid`, `dataset-not-found`, and `waits-busy`.
 */
export async function answerFeed(
  context: AppContext,
  waits: ChangeWaiters,
  { caller, leaver, ...asked }: FeedRequest,
): Promise<Static<typeof FeedSchema>> {
  const milliseconds = (asked.parameters.wait ?? 0) * 1000
  const place = asked.parameters.after ?? beginning
  return readPage(context, { ...asked, place }, (name, look) =>
    waits.wait({ name, look, caller, leaver, milliseconds }),
  )
}

/** The same without waiting, for who asks in another protocol: after a cursor, or without one the newest changes. */
export async function describeChanges(
  context: AppContext,
  asked: Pick<FeedRequest, 'parameters' | 'reader'>,
): Promise<Static<typeof FeedSchema>> {
  return readPage(context, { ...asked, place: asked.parameters.after }, (_name, look) => look())
}

type Found = { readonly pinned: Pinned; readonly changes: readonly FeedChange[] } | undefined

interface PageRequest extends Pick<FeedRequest, 'parameters' | 'reader'> {
  /** A cursor, the beginning, or undefined for the newest. */
  readonly place: string | FeedPosition | undefined
}

async function readPage(
  context: AppContext,
  { parameters, reader, place: asked }: PageRequest,
  find: (name: string, look: () => Promise<Found>) => Promise<Found>,
): Promise<Static<typeof FeedSchema>> {
  const { limit = feedLimitDefault } = parameters
  const question = parseQuestion(parameters)
  const feed = { origin: await findOrigin(context.database), question: questionText(question, reader) }
  const { serve } = context.database
  const place = typeof asked === 'string' ? await readFeedCursor(serve, feed, asked) : asked
  if (typeof asked === 'string' && place !== undefined) seeCursor(context, reader, question, asked, place)
  // One more than is given, so that it can say whether there is more.
  const stretch = { ...(place === undefined ? {} : { after: place.position }), limit: limit + 1 }
  const look = () =>
    serve.begin('isolation level repeatable read read only', async (tx) => {
      const pinned = byDataset(await listPinned(tx))
      const changes = await readFeed(tx, selectionOf(pinned, reader, question), stretch)
      return changes.length === 0 ? undefined : { pinned, changes }
    })
  const found = await find(`${feed.question} ${place?.position} ${limit}`, look)
  return pageOf(context, { feed, place, limit, parameters, reader, ...(found ?? nothing) })
}

/** Keeps how far the holder of a key has come, before it waits for more. */
function seeCursor(
  context: AppContext,
  { keyId }: Caller,
  { types, datasets }: FeedQuestion,
  cursor: string,
  { position }: FeedPosition,
): void {
  // Names that nobody has are about to be refused, and are not kept.
  const isKnown = datasets?.every((dataset) => context.contracts.find(dataset) !== undefined) !== false
  if (keyId === undefined || !isKnown) return
  accountOf(context).see(keyId, {
    ...{ cursor, position },
    ...{ types: types ?? null, datasets: datasets ?? null },
  })
}

const nothing = { pinned: byDataset([]), changes: [] }

interface Page {
  readonly feed: FeedName
  /** Undefined for the newest. */
  readonly place: FeedPosition | undefined
  readonly limit: number
  readonly parameters: FeedRequest['parameters']
  readonly reader: Caller
  readonly pinned: Pinned
  readonly changes: readonly FeedChange[]
}

function pageOf({ config }: AppContext, page: Page): Static<typeof FeedSchema> {
  const { feed, place, limit, parameters, reader, pinned, changes } = page
  const given = place === undefined ? changes.slice(-limit) : changes.slice(0, limit)
  const places = given.map(nextFeedPosition)
  const cursor = writeFeedCursor(feed, places.at(-1) ?? place ?? beginning)
  return {
    data: given.map((change, index) => {
      const { mark: id, ...at } = places[index] ?? beginning
      const type = feedTypeOf(pinned, reader, change)
      const described = { id, cursor: writeFeedCursor(feed, { ...at, mark: id }), type }
      return changeBody({ config, pinned }, change, described, isInFeed(pinned, reader, change.dataset))
    }),
    meta: { origin: feed.origin, more: changes.length > limit, cursor },
    links: {
      self: addressOf(config, parameters),
      next: addressOf(config, { ...parameters, after: cursor }),
    },
  }
}

function addressOf(config: AppContext['config'], parameters: FeedRequest['parameters']): string {
  const given = Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)])
  const query = new URLSearchParams(given).toString()
  return `${addresses(config).changes}${query === '' ? '' : `?${query}`}`
}
