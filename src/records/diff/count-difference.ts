/**
 * What differs between the records of two versions, counted by key. It refuses nothing: versions whose keys are not the
 * same fields of the same types can't be compared, which is an answer.
 */
import type { Contract, Field } from '../../contract/index.ts'
import type { Runner } from '../../db/database.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { numberColumn, publishedTable } from '../tables.ts'

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
  const shared = keyShared(before.contract, after.contract)
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
 * The fields that two contracts share, by name and type, in the order of the later; undefined where their keys are not
 * the same fields of the same types.
 */
export function keyShared(before: Contract, after: Contract): readonly Field[] | undefined {
  const shared = after.fields.filter((field) =>
    before.fields.some(({ name, type }) => name === field.name && type === field.type),
  )
  const sameKey = [...after.primaryKey].sort().join() === [...before.primaryKey].sort().join()
  const isShared = after.primaryKey.every((name) => shared.some((field) => field.name === name))
  return sameKey && isShared ? shared : undefined
}
