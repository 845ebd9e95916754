/**
 * Removes the data of a withdrawn version: its files, its signed bags and its table of records. Nothing
 * serves them any more. Safe to repeat; refuses a version that was never withdrawn.
 */
import {
  bagFolder,
  clearRecords,
  findStored,
  listRemovable,
  type StoredVersion,
  versionFolder,
} from '../catalogue/index.ts'
import type { Database } from '../db/database.ts'
import type { Files } from '../files/files.ts'
import { removeWithCopies } from '../files/set-aside.ts'
import type { Config } from '../platform/config.ts'
import type { Observe } from '../platform/log/events.ts'
import { problem } from '../platform/problem.ts'
import type { Clock } from '../platform/time.ts'
import { publishedTable, recordsTable } from './tables.ts'

interface RemovalContext {
  readonly database: Database
  readonly files: Files
  readonly observe: Observe
}

/** A stream that began before the withdrawal may still read the table; waiting longer helps nobody. */
const lockMillisecondsMax = 10_000

/** SQLSTATE of a lock that was not available in time. */
const lockNotAvailable = '55P03'

/** Removes the data of a withdrawn version. Throws `erasure-pending` while a reader still holds its table. */
export async function removeVersion(context: RemovalContext, of: StoredVersion): Promise<void> {
  const { database, files, observe } = context
  const [row] = await database.work`
    SELECT FROM qingdan.version WHERE id = ${of.id} AND withdrawn_at IS NOT NULL`
  if (row === undefined) throw new Error('only the data of a withdrawn version are removed')
  await removeWithCopies(files, versionFolder(of))
  await removeWithCopies(files, bagFolder(of))
  observe('checkpoint-reached', { step: 'erase', point: 'files-removed' })
  const table = recordsTable(of.id)
  await database.work
    .begin(async (tx) => {
      await tx.unsafe(`SET LOCAL lock_timeout = ${lockMillisecondsMax}`)
      // Besides: the lines of a plain file while a mirror loads it, and what a repair left or set aside. Another
      // process may do the same now.
      const tables = await tx<{ tablename: string }[]>`
        SELECT tablename FROM pg_tables WHERE schemaname = 'published'
          AND (tablename = ${table} OR starts_with(tablename, ${`${table}_`}))`
      for (const { tablename } of tables) await tx.unsafe(`DROP TABLE IF EXISTS ${publishedTable(tablename)}`)
      await clearRecords(tx, of.id)
    })
    .catch((error: { readonly code?: string }) => {
      throw error.code === lockNotAvailable ? problem('erasure-pending') : error
    })
  observe('checkpoint-reached', { step: 'erase', point: 'table-dropped' })
}

const dayMilliseconds = 86_400_000

/**
 * Removes the data of versions that were withdrawn long enough ago, or whose erasure was interrupted; on a
 * mirror also of those that its origin has erased. Returns how many. Throws as `removeVersion`.
 */
export async function removeWithdrawn(
  context: RemovalContext & {
    readonly clock: Clock
    readonly config: Pick<Config, 'QINGDAN_WITHDRAWN_RETENTION_DAYS'>
  },
): Promise<number> {
  const { database, clock, config, observe } = context
  const limit = clock().getTime() - config.QINGDAN_WITHDRAWN_RETENTION_DAYS * dayMilliseconds
  const ids = await listRemovable(database.work, new Date(limit))
  for (const id of ids) {
    const found = await findStored(database.work, { id })
    if (found === undefined) continue
    await removeVersion(context, found)
    const { dataset, edition, number: version } = found
    observe('data-erased', { kind: 'version', cause: 'withdrawn', dataset, edition, version })
  }
  return ids.length
}
