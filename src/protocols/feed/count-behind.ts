/** How far a platform is behind in the feed: the number of changes of its selection after its last cursor. */
import type { SeenCursor } from '../../accounts/index.ts'
import { type AppContext, countFeed, listPinned } from '../../catalogue/index.ts'
import type { Caller } from '../../platform/caller.ts'
import { Problem } from '../../platform/problem.ts'
import { byDataset, type FeedQuestion, type FeedType, selectionOf } from './change-types.ts'

/**
 * Counts the changes after the cursor that a key presented last, as its feed would return them. Undefined if
 * that feed would now be refused, because the reader may no longer read one of its datasets.
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
