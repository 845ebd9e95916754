/** How far a platform is behind in the feed: the changes that it has not been given yet, of those that it asks for. */
import type { SeenCursor } from '../../accounts/index.ts'
import { type AppContext, countFeed, listPinned } from '../../catalogue/index.ts'
import type { Caller } from '../../platform/caller.ts'
import { Problem } from '../../platform/problem.ts'
import { byDataset, type FeedQuestion, type FeedType, selectionOf } from './change-types.ts'

/**
 * Counts the changes behind the cursor that a key presented last, as its feed would give them. Undefined where that feed would
 * be refused by now, because a dataset that it asks for is no longer the reader's.
 */
export async function countBehind(
  { database }: Pick<AppContext, 'database'>,
  reader: Caller,
  { position, types, datasets }: Pick<SeenCursor, 'position' | 'types' | 'datasets'>,
): Promise<number | undefined> {
  const question: FeedQuestion = {
    types: (types ?? undefined) as readonly FeedType[] | undefined,
    datasets: datasets ?? undefined,
  }
  try {
    return await database.serve.begin('isolation level repeatable read read only', async (tx) => {
      const pinned = byDataset(await listPinned(tx))
      return countFeed(tx, selectionOf(pinned, reader, question), position)
    })
  } catch (error) {
    if (error instanceof Problem) return undefined
    throw error
  }
}
