/**
 * The only module that reads records: one page of a plan, as bytes built by Postgres or as canonical texts;
 * all records of a plan as a stream; or a whole version in batches.
 */

import type { Field } from '../../contract/index.ts'
import type { Database, Runner } from '../../db/database.ts'
import type { Copied, RecordValues } from '../../formats/index.ts'
import { problem } from '../../platform/problem.ts'
import type { Position } from '../query/order.ts'
import type { Plan } from '../query/plan.ts'
import type { RecordPosition } from '../query/record-cursor.ts'
import { numberColumn, publishedTable, selectTexts } from '../tables.ts'
import {
  type CopyStatement,
  countRecords,
  jsonPage,
  keysOfRecord,
  lookedMax,
  offsetPage,
  rowsPage,
  type Statement,
  type Way,
} from './sql.ts'

/** The last record of a page that has a next page. */
export interface LastRecord {
  readonly at: number
  readonly after: number
}

/** One page; without `last` it is the last one. */
interface Page<Records> {
  readonly records: Records
  readonly last?: LastRecord
}

export interface RecordsReader {
  /** Completes a cursor's position with the sort keys of its record, since a cursor holds no values. */
  readonly position: (plan: Plan, of: RecordPosition | undefined) => Promise<Position | undefined>
  /** A page's records as JSON, one per line, with a separator between them. */
  readonly json: (
    plan: Plan,
    position: Position | undefined,
    limit: number,
    separator: ',\n' | '\n',
  ) => Promise<Page<Buffer>>
  /** A page's records as canonical texts. */
  readonly rows: (
    plan: Plan,
    position: Position | undefined,
    limit: number,
  ) => Promise<Page<readonly RecordValues[]>>
  /**
   * `limit` records after skipping `offset` from a position on: each its number, then its canonical texts.
   */
  readonly numbered: (
    plan: Plan,
    position: Position | undefined,
    span: { readonly offset: number; readonly limit: number },
  ) => Promise<readonly RecordValues[]>
  readonly count: (plan: Plan) => Promise<number>
  /** The first text of a statement's first row. */
  readonly first: (statement: Statement) => Promise<string | undefined>
}

/** Builds a reader that uses the serving role. */
export function buildReader(database: Pick<Database, 'serve'>): RecordsReader {
  const isPrepared = buildPrepared()
  // `database.serve` is accessed per query: building the app must not require a connection.
  const start = (text: string, parameters: readonly string[]) =>
    database.serve.unsafe(text, [...parameters], { prepare: isPrepared(text) })
  const run = async ({ text, parameters }: Statement) =>
    (await start(text, parameters).values()) as unknown as (string | null)[][]
  return {
    position: async (plan, of) => {
      if (of === undefined) return undefined
      const { at, after } = of
      if (plan.order.keys.length === 0) return { at, after, values: [] }
      const [values] = await run(keysOfRecord(plan, at, after))
      // A forged cursor may name a record that does not exist.
      if (values === undefined) throw problem('cursor-invalid', { path: 'cursor' })
      return { at, after, values }
    },
    json: async (plan, position, limit, separator) => {
      const read = async (way: Way) => {
        const { text, parameters } = jsonPage(plan, position, limit, separator, way)
        // Raw bytes, which are never decoded to a string.
        const [row = []] = (await start(text, parameters).raw()) as unknown as (Buffer | null)[][]
        return row
      }
      const isFull = ([found]: readonly (Buffer | null)[]) => Number(found?.toString()) > limit
      const [found, lines, at, after] = await search(plan, read, isFull)
      const records = lines ?? nothing
      const hasMore = Number(found?.toString()) > limit
      // The extra record begins after the last line feed, since a JSON line contains none.
      const end = hasMore ? records.lastIndexOf(lineFeed) + 1 - separator.length : records.length
      return pageOf(records.subarray(0, end), hasMore, [at?.toString(), after?.toString()])
    },
    rows: async (plan, position, limit) => {
      const read = (way: Way) => run(rowsPage(plan, position, limit, way))
      const found = await search(plan, read, ({ length }) => length > limit)
      const page = found.slice(0, limit)
      return pageOf(
        page.map((row) => row.slice(2)),
        found.length > limit,
        page.at(-1) ?? [],
      )
    },
    numbered: (plan, position, span) => {
      const read = (way: Way) => run(offsetPage(plan, position, span, way))
      return search(plan, read, ({ length }) => length === span.limit)
    },
    count: async (plan) => {
      if (
        plan.conditions.length === 0 &&
        plan.words === undefined &&
        plan.area === undefined &&
        plan.targets.every(({ version }) => version.records !== undefined)
      ) {
        return plan.targets.reduce((sum, { version }) => sum + (version.records ?? 0), 0)
      }
      const [row = []] = await run(countRecords(plan))
      return Number(row[0])
    },
    first: async (statement) => (await run(statement))[0]?.[0] ?? undefined,
  }
}

/**
 * Reads a page. A search for words first looks at the beginning, where frequent words fill the page, and scans the
 * whole table only if they don't. Of several tables the beginnings alone don't give the order.
 */
async function search<Rows>(
  plan: Plan,
  read: (way: Way) => Promise<Rows>,
  isFull: (rows: Rows) => boolean,
): Promise<Rows> {
  const isLarge = plan.targets.some(({ version: { records } }) => (records ?? Infinity) > lookedMax)
  if (plan.words === undefined || !isLarge) return read('walk')
  const first = plan.targets.length === 1 ? await read('look') : undefined
  return first !== undefined && isFull(first) ? first : read('scan')
}

const readers = new WeakMap<Pick<Database, 'serve'>, RecordsReader>()

/** The reader of a database. Shared, because it limits the prepared statements per connection. */
export function readerOf(database: Database): RecordsReader {
  const known = readers.get(database) ?? buildReader(database)
  readers.set(database, known)
  return known
}

const nothing = Buffer.alloc(0)
const lineFeed = 10

function pageOf<Records>(
  records: Records,
  hasMore: boolean,
  [at, after]: readonly (string | number | null | undefined)[],
): Page<Records> {
  return hasMore ? { records, last: { at: Number(at), after: Number(after) } } : { records }
}

/**
 * Most statements that are prepared, and how long they count. A connection keeps its prepared statements
 * until it is renewed, within the hour. Callers choose the queries, so without a limit they could fill its
 * memory.
 */
const preparedMax = 1_000
const preparedMilliseconds = 3_600_000

/** Decides for each statement whether to prepare it. */
function buildPrepared(): (text: string) => boolean {
  const known = new Set<string>()
  let since = performance.now()
  return (text) => {
    if (performance.now() - since > preparedMilliseconds) {
      known.clear()
      since = performance.now()
    }
    if (known.size < preparedMax) known.add(text)
    return known.has(text)
  }
}

/**
 * The bytes of COPY statements, one after the other. Returning early, or the signal, cancels the running one.
 */
export async function* copyRecords(
  database: Pick<Database, 'copyTo'>,
  statements: readonly CopyStatement[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (const { text, values } of statements) yield* database.copyTo(text, { values, signal })
}

/** All records of a table in order, as COPY writes them, under the working role. */
export function copyAll(
  database: Pick<Database, 'copyTo'>,
  table: string,
  { columns, options }: Pick<Copied, 'columns' | 'options'>,
): AsyncIterable<Uint8Array> {
  const select = `SELECT ${columns} FROM ${publishedTable(table)} ORDER BY ${numberColumn}`
  return database.copyTo(`COPY (${select}) TO STDOUT WITH (${options})`, { role: 'work' })
}

/**
 * Records in memory during a whole-version read: large enough to save round trips, small compared with the
 * heap.
 */
const batchSize = 5_000

/** Reads all records of a table in order, in batches of at most `batchSize`. */
export async function* readAll(
  runner: Runner,
  table: string,
  fields: readonly Field[],
): AsyncGenerator<readonly RecordValues[]> {
  const statement = `SELECT ${selectTexts(fields)} FROM ${publishedTable(table)} ORDER BY ${numberColumn}`
  const cursor = runner.unsafe(statement).values().cursor(batchSize)
  for await (const rows of cursor) yield rows as unknown as RecordValues[]
}
