/**
 * The columns of a table as a SELECT list, so that a table's definition is the one place where its columns are
 * named. For statements written as SQL; plain reads by drizzle need no such list.
 */
import { getTableColumns } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import { quoteIdentifier } from './identifier.ts'

/** What a driver returns in another form than the table's type says. */
const casts: Readonly<Record<string, string>> = { PgBigInt53: '::float8', PgDateString: '::text' }

/**
 * `"received_at" AS "receivedAt", …`: the columns under their names in the table's definition, with the types
 * that it gives them. `of` is the table's alias in the statement. Use it as `sql.unsafe(…)`.
 */
export function selectList<Table extends PgTable>(
  table: Table,
  {
    of,
    without = [],
  }: { readonly of?: string; readonly without?: readonly (keyof Table['$inferSelect'])[] } = {},
): string {
  const prefix = of === undefined ? '' : `${quoteIdentifier(of)}.`
  return Object.entries(getTableColumns(table))
    .filter(([name]) => !without.includes(name))
    .map(([name, { name: column, columnType }]) => {
      return `${prefix}${quoteIdentifier(column)}${casts[columnType] ?? ''} AS ${quoteIdentifier(name)}`
    })
    .join(', ')
}
