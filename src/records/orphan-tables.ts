/** Finds and drops tables of records that no version refers to, such as a crash or a restore by hand leaves. */
import type { Database, Runner } from '../db/database.ts'
import { publishedTable } from './tables.ts'

/**
 * Tables of versions that do not exist, or that are published with their records removed. What a repair has set
 * aside belongs to its version.
 */
export async function listOrphanRecords(runner: Runner): Promise<readonly string[]> {
  const rows = await runner<{ name: string }[]>`
    SELECT t.tablename AS name FROM pg_tables t
    WHERE t.schemaname = 'published' AND t.tablename ~ '^v_[0-9]{1,18}(_|$)' AND NOT EXISTS (
      SELECT FROM qingdan.version v
      WHERE v.id = substring(t.tablename FROM '^v_([0-9]+)')::bigint
        AND (v.records_table IS NOT NULL OR v.published_at IS NULL))
    ORDER BY 1`
  return rows.map(({ name }) => name)
}

/** A reader that still holds the table is not waited for. */
const lockMillisecondsMax = 1_000

/** Drops a table unless a version refers to it by now. Returns whether it did. Throws for a table in use. */
export async function dropOrphanRecords({ work }: Pick<Database, 'work'>, name: string): Promise<boolean> {
  return work.begin(async (tx) => {
    await tx.unsafe(`SET LOCAL lock_timeout = ${lockMillisecondsMax}`)
    // No version begins to refer to it meanwhile: numbers of versions are given once.
    if (!(await listOrphanRecords(tx)).includes(name)) return false
    await tx.unsafe(`DROP TABLE ${publishedTable(name)}`)
    return true
  })
}
