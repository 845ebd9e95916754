/**
 * Counts the records that differ between two versions, by primary key. Versions whose keys differ in fields
 * or types can't be compared; the result is then undefined.
 */
import type { Contract, Field } from '../../contract/index.ts'
import type { Runner } from '../../db/database.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { numberColumn, publishedTable } from '../tables.ts'

/** The records of one version: its table and its contract. */
export interface DiffSide {
  readonly contract: Contract
  readonly table: string
}

interface DifferenceCounts {
  readonly added: number
  readonly removed: number
  /** Records of the same key in which a field of both contracts differs. */
  readonly changed: number
}

/** Counts the differing records in one pass over both tables. Undefined where the keys can't be compared. */
export async function countDifference(
  runner: Runner,
  before: DiffSide,
  after: DiffSide,
): Promise<DifferenceCounts | undefined> {
  const shared = sharedFields(before.contract, after.contract)
  if (shared === undefined) return undefined
  const key = after.contract.primaryKey
  const on = key.map((name) => `a.${quoteIdentifier(name)} = b.${quoteIdentifier(name)}`).join(' AND ')
  const differs = shared
    .filter(({ name }) => !key.includes(name))
    .map(({ name }) => `a.${quoteIdentifier(name)} IS DISTINCT FROM b.${quoteIdentifier(name)}`)
  const [row] = await runner.unsafe<{ added: number; removed: number; changed: number }[]>(
    `SELECT count(*) FILTER (WHERE b.${numberColumn} IS NULL)::float8 AS added,
       count(*) FILTER (WHERE a.${numberColumn} IS NULL)::float8 AS removed,
       count(*) FILTER (WHERE a.${numberColumn} IS NOT NULL AND b.${numberColumn} IS NOT NULL
         AND (${differs.length === 0 ? 'false' : differs.join(' OR ')}))::float8 AS changed
     FROM ${publishedTable(after.table)} a FULL JOIN ${publishedTable(before.table)} b ON ${on}`,
  )
  return row
}

/**
 * The fields that both contracts have, by name and type, in the order of the later. Undefined where their
 * keys differ in fields or types.
 */
export function sharedFields(before: Contract, after: Contract): readonly Field[] | undefined {
  const shared = after.fields.filter((field) =>
    before.fields.some(({ name, type }) => name === field.name && type === field.type),
  )
  const sameKey = [...after.primaryKey].sort().join() === [...before.primaryKey].sort().join()
  const isShared = after.primaryKey.every((name) => shared.some((field) => field.name === name))
  return sameKey && isShared ? shared : undefined
}
