/**
 * What differs between the records of two versions, counted by key. It refuses nothing: versions whose keys are not the
 * same fields of the same types can't be compared, which is an answer.
 */
import type { Contract } from '../contract/index.ts'
import { quoteIdentifier } from '../store/identifier.ts'
import type { Runner } from '../store/index.ts'
import { numberColumn, publishedTable } from './tables.ts'

/** Records of a version: its table, and the contract that it keeps. */
export interface Side {
  readonly contract: Contract
  readonly table: string
}

export interface Counted {
  readonly added: number
  readonly removed: number
  /** Records of the same key of which a field that both contracts have differs. */
  readonly changed: number
}

/** Counts what differs, in one pass over both tables. Undefined where the keys can't be compared. */
export async function countDifference(
  runner: Runner,
  before: Side,
  after: Side,
): Promise<Counted | undefined> {
  const shared = after.contract.fields.filter((field) =>
    before.contract.fields.some(({ name, type }) => name === field.name && type === field.type),
  )
  const key = after.contract.primaryKey
  const sameKey = [...key].sort().join() === [...before.contract.primaryKey].sort().join()
  if (!sameKey || key.some((name) => !shared.some((field) => field.name === name))) return undefined
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
