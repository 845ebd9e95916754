/** Compares the table of a version's records with the record of its publication. */
import type { Contract } from '../contract/index.ts'
import type { Database } from '../db/database.ts'
import { digestOfTable } from './load-records.ts'
import { numberColumn, publishedTable } from './tables.ts'

/** How a table differs: it is missing, has another number of records, other numbers, or other values. */
type TableFault = 'missing' | 'count' | 'numbers' | 'digest'

/** Counts the records, checks that they are numbered from 1, and renders the plain CSV to compare its digest. */
export async function checkTable(
  database: Pick<Database, 'work' | 'copyTo'>,
  contract: Contract,
  of: { readonly table: string; readonly records: number; readonly digest: string },
): Promise<TableFault | undefined> {
  try {
    return await compare(database, contract, of)
  } catch (error) {
    // At any moment a withdrawal or the end of a draft may drop it.
    if ((error as { readonly code?: string }).code === undefinedTable) return 'missing'
    throw error
  }
}

/** SQLSTATE of a table that does not exist. */
const undefinedTable = '42P01'

async function compare(
  database: Pick<Database, 'work' | 'copyTo'>,
  contract: Contract,
  { table, records, digest }: { readonly table: string; readonly records: number; readonly digest: string },
): Promise<TableFault | undefined> {
  const [found] = await database.work.unsafe<
    { count: number; numbers: number; first: number; last: number }[]
  >(
    `SELECT count(*)::float8 AS count, count(DISTINCT ${numberColumn})::float8 AS numbers,
       coalesce(min(${numberColumn}), 1)::float8 AS first, coalesce(max(${numberColumn}), 0)::float8 AS last
     FROM ${publishedTable(table)}`,
  )
  if (found?.count !== records) return 'count'
  if (found.numbers !== records || found.first !== 1 || found.last !== records) return 'numbers'
  return (await digestOfTable(database, contract, table)) === digest ? undefined : 'digest'
}
