/** Drops the records of a cancelled draft. Refuses a version that was ever published. */
import type { Database } from '../db/database.ts'
import { publishedTable, recordsTable } from './tables.ts'

/** Drops a draft's table of records, if it exists. Throws a plain Error for a published version. */
export async function dropRecords(database: Database, versionId: number): Promise<void> {
  await database.work.begin(async (tx) => {
    const [published] = await tx`
      SELECT FROM qingdan.version WHERE id = ${versionId} AND published_at IS NOT NULL`
    if (published !== undefined) throw new Error('the records of a published version are never dropped')
    await tx.unsafe(`DROP TABLE IF EXISTS ${publishedTable(recordsTable(versionId))}`)
  })
}
