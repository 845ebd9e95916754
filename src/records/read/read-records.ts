/**
 * The only place that reads records: a page by its plan, as bytes that Postgres has built or as canonical texts; all
 * that a plan gives, as a stream; or a whole version in batches.
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
  offsetPage,
  rowsPage,
  type Statement,
} from './sql.ts'

/** The last record of a page behind which there are more. */
export interface Last {
  readonly at: number
  readonly after: number
}

/** One page; without `last` it is the end of the walk. */
export interface Page<Records> {
  readonly records: Records
  readonly last?: Last
}

export interface RecordsReader {
  /** The position of a place: the keys of its record are looked up, for a cursor holds no values. */
  readonly position: (plan: Plan, place: RecordPosition | undefined) => Promise<Position | undefined>
  /** A page's records as JSON, a line each, with a separator between them. */
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
  /** So many records behind the first `offset` from a position on: their numbers, then their canonical texts. */
  readonly numbered: (
    plan: Plan,
    position: Position | undefined,
    span: { readonly offset: number; readonly limit: number },
  ) => Promise<readonly RecordValues[]>
  readonly count: (plan: Plan) => Promise<number>
  /** The first text of a statement's first row. */
  readonly first: (statement: Statement) => Promise<string | undefined>
}

/** Builds the reader of pages over the role that serves. */
export function buildReader(database: Pick<Database, 'serve'>): RecordsReader {
  const isPrepared = buildPrepared()
  // Looked up at each reading: to build the app must not ask for a database.
  const start = (text: string, parameters: readonly string[]) =>
    database.serve.unsafe(text, [...parameters], { prepare: isPrepared(text) })
  const run = async ({ text, parameters }: Statement) =>
    (await start(text, parameters).values()) as unknown as (string | null)[][]
  return {
    position: async (plan, place) => {
      if (place === undefined) return undefined
      const { at, after } = place
      if (plan.order.keys.length === 0) return { at, after, values: [] }
      const [values] = await run(keysOfRecord(plan, at, after))
      // Whoever makes a cursor of his own may name a record that never was.
      if (values === undefined) throw problem('cursor-invalid', { path: 'cursor' })
      return { at, after, values }
    },
    json: async (plan, position, limit, separator) => {
      const { text, parameters } = jsonPage(plan, position, limit, separator)
      // Bytes as they come: they are never a text of ours.
      const [row = []] = (await start(text, parameters).raw()) as unknown as (Buffer | null)[][]
      const [found, lines, at, after] = row
      const records = lines ?? nothing
      const hasMore = Number(found?.toString()) > limit
      // The last line begins behind the last line feed: JSON on one line has none.
      const end = hasMore ? records.lastIndexOf(lineFeed) + 1 - separator.length : records.length
      return pageOf(records.subarray(0, end), hasMore, [at?.toString(), after?.toString()])
    },
    rows: async (plan, position, limit) => {
      const found = await run(rowsPage(plan, position, limit))
      const page = found.slice(0, limit)
      return pageOf(
        page.map((row) => row.slice(2)),
        found.length > limit,
        page.at(-1) ?? [],
      )
    },
    numbered: async (plan, position, span) => run(offsetPage(plan, position, span)),
    count: async (plan) => {
      if (
        plan.conditions.length === 0 &&
        plan.words === undefined &&
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

const readers = new WeakMap<Pick<Database, 'serve'>, RecordsReader>()

/** The reader of a database: one for all questions, for it bounds what strangers make a connection keep prepared. */
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
 * Most statements that are kept prepared, and how long they count. A connection keeps what it has prepared until it
 * is renewed, within the hour; strangers choose the questions, so that without a bound its memory would be theirs.
 */
const preparedMax = 1_000
const preparedMilliseconds = 3_600_000

/** Tells of each statement whether to prepare it. */
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

/** The bytes of statements for COPY, one after the other. Ending early, or the signal, ends the one that runs. */
export async function* copyRecords(
  database: Pick<Database, 'copyTo'>,
  statements: readonly CopyStatement[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (const { text, values } of statements) yield* database.copyTo(text, { values, signal })
}

/** All records of a table in their order, as COPY writes them under the role that works. */
export function copyAll(
  database: Pick<Database, 'copyTo'>,
  table: string,
  { columns, options }: Pick<Copied, 'columns' | 'options'>,
): AsyncIterable<Uint8Array> {
  const select = `SELECT ${columns} FROM ${publishedTable(table)} ORDER BY ${numberColumn}`
  return database.copyTo(`COPY (${select}) TO STDOUT WITH (${options})`, { role: 'work' })
}

/** Records that a whole-version read holds at a time: large enough to spare round trips, small beside the heap. */
const batchSize = 5_000

/** Reads all records of a table in their order, in batches of bounded size. */
export async function* readAll(
  runner: Runner,
  table: string,
  fields: readonly Field[],
): AsyncGenerator<readonly RecordValues[]> {
  const statement = `SELECT ${selectTexts(fields)} FROM ${publishedTable(table)} ORDER BY ${numberColumn}`
  const cursor = runner.unsafe(statement).values().cursor(batchSize)
  for await (const rows of cursor) yield rows as unknown as RecordValues[]
}
