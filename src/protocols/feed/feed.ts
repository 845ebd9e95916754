/**
 * The feed: the ordered changes after a cursor that its reader may see. A walk misses nothing and repeats
 * nothing: positions appear in commit order, and a cursor is the position after the last change returned.
 */
import type { Static } from 'typebox'
import { usageCounterOf } from '../../accounts/index.ts'
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

interface FeedRequest {
  readonly parameters: Static<typeof FeedQuery>
  readonly reader: Caller
  /** Identifies the caller where waiting callers are counted. */
  readonly caller: string
  readonly client: WaitingClient
}

/**
 * A page of the feed. If there is no change after the cursor, it waits as long as the request allows. Throws
 * `cursor-invalid`, `parameter-invalid`, `dataset-not-found`, and `waits-busy`.
 */
export async function answerFeed(
  context: AppContext,
  waits: ChangeWaiters,
  { caller, client, ...request }: FeedRequest,
): Promise<Static<typeof FeedSchema>> {
  const milliseconds = (request.parameters.wait ?? 0) * 1000
  const start = request.parameters.after ?? beginning
  return readPage(context, { ...request, start }, (name, find) =>
    waits.wait({ name, find, caller, client, milliseconds }),
  )
}

/**
 * The same without waiting, for other protocols: the changes after a cursor, or the newest ones without a
 * cursor.
 */
export async function describeChanges(
  context: AppContext,
  request: Pick<FeedRequest, 'parameters' | 'reader'>,
): Promise<Static<typeof FeedSchema>> {
  return readPage(context, { ...request, start: request.parameters.after }, (_name, find) => find())
}

type Found = { readonly pinned: Pinned; readonly changes: readonly FeedChange[] } | undefined

interface PageRequest extends Pick<FeedRequest, 'parameters' | 'reader'> {
  /** A cursor, the beginning, or undefined for the newest. */
  readonly start: string | FeedPosition | undefined
}

async function readPage(
  context: AppContext,
  { parameters, reader, start }: PageRequest,
  waitFor: (name: string, find: () => Promise<Found>) => Promise<Found>,
): Promise<Static<typeof FeedSchema>> {
  const { limit = feedLimitDefault } = parameters
  const question = parseQuestion(parameters)
  const feed = { origin: await findOrigin(context.database), question: questionText(question, reader) }
  const { serve } = context.database
  const position = typeof start === 'string' ? await readFeedCursor(serve, feed, start) : start
  if (typeof start === 'string' && position !== undefined)
    storeCursor(context, reader, question, start, position)
  // One change more than the page holds shows whether there is another page.
  const range = { ...(position === undefined ? {} : { after: position.position }), limit: limit + 1 }
  const find = () =>
    serve.begin('isolation level repeatable read read only', async (tx) => {
      const pinned = byDataset(await listPinned(tx))
      const changes = await readFeed(tx, selectionOf(pinned, reader, question), range)
      return changes.length === 0 ? undefined : { pinned, changes }
    })
  const found = await waitFor(`${feed.question} ${position?.position} ${limit}`, find)
  return pageOf(context, { feed, position, limit, parameters, reader, ...(found ?? nothing) })
}

/** Remembers how far a key has read, before its request waits for more. */
function storeCursor(
  context: AppContext,
  { keyId }: Caller,
  { types, datasets }: FeedQuestion,
  cursor: string,
  { position }: FeedPosition,
): void {
  // Unknown dataset names are refused below and not stored.
  const isKnown = datasets?.every((dataset) => context.contracts.find(dataset) !== undefined) !== false
  if (keyId === undefined || !isKnown) return
  usageCounterOf(context).recordCursor(keyId, {
    ...{ cursor, position },
    ...{ types: types ?? null, datasets: datasets ?? null },
  })
}

const nothing = { pinned: byDataset([]), changes: [] }

interface Page {
  readonly feed: FeedName
  /** Undefined for the newest. */
  readonly position: FeedPosition | undefined
  readonly limit: number
  readonly parameters: FeedRequest['parameters']
  readonly reader: Caller
  readonly pinned: Pinned
  readonly changes: readonly FeedChange[]
}

function pageOf({ config }: AppContext, page: Page): Static<typeof FeedSchema> {
  const { feed, position, limit, parameters, reader, pinned, changes } = page
  const shown = position === undefined ? changes.slice(-limit) : changes.slice(0, limit)
  const positions = shown.map(nextFeedPosition)
  const cursor = writeFeedCursor(feed, positions.at(-1) ?? position ?? beginning)
  return {
    data: shown.map((change, index) => {
      const { mark: id, ...at } = positions[index] ?? beginning
      const type = feedTypeOf(pinned, reader, change)
      const head = { id, cursor: writeFeedCursor(feed, { ...at, mark: id }), type }
      return changeBody({ config, pinned }, change, head, isInFeed(pinned, reader, change.dataset))
    }),
    meta: { origin: feed.origin, more: changes.length > limit, cursor },
    links: {
      self: addressOf(config, parameters),
      next: addressOf(config, { ...parameters, after: cursor }),
    },
  }
}

function addressOf(config: AppContext['config'], parameters: FeedRequest['parameters']): string {
  const entries = Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)])
  const query = new URLSearchParams(entries).toString()
  return `${addresses(config).changes}${query === '' ? '' : `?${query}`}`
}
