/**
 * Counts the records that differ between two versions, by primary key. Versions whose keys differ in fields
 * or types can't be compared; the result is then undefined.
 */
import { type Contract, type Field, inNamesOf } from '../../contract/index.ts'
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
  const sides = alignSides(before, after)
  const shared = sharedFields(sides.before.contract, sides.after.contract)
  if (shared === undefined) return undefined
  const key = sides.after.contract.primaryKey
  const on = key.map((name) => `a.${quoteIdentifier(name)} = b.${quoteIdentifier(name)}`).join(' AND ')
  const differs = shared
    .filter(({ name }) => !key.includes(name))
    .map(({ name }) => `a.${quoteIdentifier(name)} IS DISTINCT FROM b.${quoteIdentifier(name)}`)
  const [row] = await runner.unsafe<{ added: number; removed: number; changed: number }[]>(
    `SELECT count(*) FILTER (WHERE b.${numberColumn} IS NULL)::float8 AS added,
       count(*) FILTER (WHERE a.${numberColumn} IS NULL)::float8 AS removed,
       count(*) FILTER (WHERE a.${numberColumn} IS NOT NULL AND b.${numberColumn} IS NOT NULL
         AND (${differs.length === 0 ? 'false' : differs.join(' OR ')}))::float8 AS changed
     FROM ${sides.after.source} a FULL JOIN ${sides.before.source} b ON ${on}`,
  )
  return row
}

/** A side whose fields and codes are named as in the later contract of both. */
export interface AlignedSide extends DiffSide {
  /** Its records as a FROM item. */
  readonly source: string
}

/** Aligns two sides by the renames that the later contract declares. */
export function alignSides(
  before: DiffSide,
  after: DiffSide,
): { readonly before: AlignedSide; readonly after: AlignedSide } {
  const isForward = before.contract.contractVersion <= after.contract.contractVersion
  const newest = isForward ? after.contract : before.contract
  return { before: aligned(before, newest), after: aligned(after, newest) }
}

function aligned({ contract, table }: DiffSide, newest: Contract): AlignedSide {
  const source = publishedTable(table)
  if (contract.contractVersion === newest.contractVersion) return { contract, table, source }
  const renamed = inNamesOf(contract, newest)
  const columns = renamed.fields.map((field, index) => {
    const stored = contract.fields[index] ?? field
    const codes = newest.fields.find(({ name }) => name === field.name)?.renamedCodes ?? {}
    return {
      name: field.name,
      stored: stored.name,
      codes: field.type === 'string' ? Object.entries(codes) : [],
    }
  })
  if (columns.every(({ name, stored, codes }) => name === stored && codes.length === 0))
    return { contract, table, source }
  const select = columns.map(({ name, stored, codes }) => {
    const column = quoteIdentifier(stored)
    // Codes have no quotes: the schema of contracts allows letters, digits, `_`, `.` and `-`.
    const cases = codes.map(([from, to]) => `WHEN '${from}' THEN '${to}'`)
    const value =
      cases.length === 0 ? column : `(CASE ${column} ${cases.join(' ')} ELSE ${column} END)::text COLLATE "C"`
    return `${value} AS ${quoteIdentifier(name)}`
  })
  return {
    contract: renamed,
    table,
    source: `(SELECT ${[numberColumn, ...select].join(', ')} FROM ${source})`,
  }
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
