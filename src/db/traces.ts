/**
 * Finds a text in the tables of a database, and forces deleted rows out of what PostgreSQL stores: dead rows
 * and statistics by VACUUM FULL, files of dropped tables by CHECKPOINT, and the write-ahead log by filling its
 * segments. Each step needs rights that an external server may not give; what was refused is reported.
 */
import type { Sql } from 'postgres'
import { openSession } from './connections.ts'
import { withoutValues } from './database-error.ts'
import { quoteIdentifier } from './identifier.ts'

/** A table that has the text in some of its rows. */
interface TableTrace {
  readonly table: string
  readonly rows: number
}

/** A step that the database user may not do, with the SQL that an administrator can run. */
export interface RefusedStep {
  readonly step: string
  readonly sql: string
}

/** Segments that the log may have in addition to those counted, as others write meanwhile. */
const segmentsMore = 2

/** Enough for the largest log (`max_wal_size` is 1 GB, a segment 16 MB) many times over. */
const segmentsMax = 1_000

/** SQLSTATE of a statement that the user may not run, and of one that the server does not support. */
const refusedCodes = new Set(['42501', '0A000', '55006'])

type Progress = (step: string, done: number, total: number) => void

/** Forces out what is deleted. `countSegments` counts the files of the log, where they can be seen. */
export async function forceOut(
  url: string,
  countSegments: () => Promise<number>,
  progress: Progress,
): Promise<readonly RefusedStep[]> {
  const session = openSession(url, 'owner')
  const refused: RefusedStep[] = []
  const run = async (step: string, sql: string): Promise<boolean> => {
    try {
      await session.unsafe(sql)
      return true
    } catch (error) {
      const { code = '' } = error as { readonly code?: string }
      if (!refusedCodes.has(code)) throw withoutValues(error)
      if (!refused.some((one) => one.step === step)) refused.push({ step, sql })
      return false
    }
  }
  try {
    const tables = await listTables(session, true)
    for (const [index, table] of tables.entries()) {
      progress('vacuum', index, tables.length)
      await run('vacuum', `VACUUM (FULL) ${table}`)
    }
    // Into a new segment first, so that the checkpoint frees the one with the deleted rows.
    if (!(await run('switch the log', 'SELECT pg_switch_wal()'))) {
      await run('checkpoint', 'CHECKPOINT')
      return refused
    }
    if (!(await run('checkpoint', 'CHECKPOINT'))) return refused
    // A freed segment keeps its bytes under a new name until it is written again; a switch fills it.
    const segments = Math.min(segmentsMax, (await countSegments()) + segmentsMore)
    for (let done = 0; done < segments; done += 1) {
      progress('log', done, segments)
      await session`SELECT pg_logical_emit_message(false, 'qingdan', '', true)`.catch(() =>
        session`SELECT pg_logical_emit_message(false, 'qingdan', '')`.catch(() => undefined),
      )
      await run('switch the log', 'SELECT pg_switch_wal()')
    }
    await run('checkpoint', 'CHECKPOINT')
    return refused
  } finally {
    await session.end({ timeout: 5 })
  }
}

/** The tables that have the text in any row, the statistics of the planner included. */
export async function findInTables(
  url: string,
  text: string,
  progress: Progress,
): Promise<readonly TableTrace[]> {
  const session = openSession(url, 'owner')
  try {
    const found: TableTrace[] = []
    const tables = await listTables(session, false)
    for (const [index, table] of tables.entries()) {
      progress('tables', index, tables.length)
      const rows = await countRows(session, table, text)
      if (rows > 0) found.push({ table, rows })
    }
    return found
  } finally {
    await session.end({ timeout: 5 })
  }
}

async function countRows(session: Sql, table: string, text: string): Promise<number> {
  try {
    const [row] = await session.unsafe<{ rows: number }[]>(
      `SELECT count(*)::float8 AS rows FROM ${table} AS t WHERE strpos(t::text, $1) > 0`,
      [text],
    )
    return row?.rows ?? 0
  } catch (error) {
    // A table may be dropped while others work.
    if ((error as { readonly code?: string }).code === '42P01') return 0
    throw withoutValues(error)
  }
}

/** Catalogues of PostgreSQL that hold values of rows: what ANALYZE has sampled. */
const statistics = ['pg_statistic', 'pg_statistic_ext_data']

/** The same as views, which the owner of the tables may read. */
const statisticsViews = ['pg_stats', 'pg_stats_ext', 'pg_stats_ext_exprs']

/**
 * Tables with rows of ours, as SQL writes them. With `isCompacted` only those whose rows are deleted one by
 * one: tables of rows are dropped as a whole.
 */
async function listTables(session: Sql, isCompacted: boolean): Promise<readonly string[]> {
  const rows = await session<{ schema: string; name: string }[]>`
    SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE (c.relkind = 'r' AND n.nspname <> ALL(${['pg_catalog', 'information_schema', 'pg_toast']})
        OR n.nspname = 'pg_catalog' AND c.relname = ANY(${isCompacted ? statistics : statisticsViews}))
      AND n.nspname NOT LIKE 'pg\\_temp%'
      AND NOT (${isCompacted} AND n.nspname IN ('published', 'staging'))
    ORDER BY 1, 2`
  return rows.map(({ schema, name }) => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`)
}
