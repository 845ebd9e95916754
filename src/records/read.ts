/** The only place that reads records: a page by its plan, or a whole version as a stream, as canonical texts. */
import type { Field } from '../contract/index.ts'
import type { Row } from '../formats/index.ts'
import type { Runner } from '../store/index.ts'
import type { Plan } from './plan.ts'
import { numberColumn, publishedTable, selectTexts } from './tables.ts'

/** Records that a whole-version read holds at a time: large enough to spare round trips, small beside the heap. */
const batchSize = 5_000

export interface Page {
  readonly rows: readonly Row[]
  /** Number of the last record, where there are more behind it. */
  readonly next?: number
}

/** Reads one page. One record more than asked for is fetched, so that `next` is true. */
export async function readPage(runner: Runner, plan: Plan): Promise<Page> {
  const rows = (await runner
    .unsafe(plan.statement, [...plan.parameters], { prepare: true })
    .values()) as unknown as (string | null)[][]
  const page = rows.slice(0, plan.limit)
  const last = rows.length > plan.limit ? page.at(-1)?.[0] : undefined
  const bare = page.map((row) => row.slice(1))
  return last === undefined || last === null ? { rows: bare } : { rows: bare, next: Number(last) }
}

/** Reads all records of a table in their order, in batches of bounded size. */
export async function* readAll(
  runner: Runner,
  table: string,
  fields: readonly Field[],
): AsyncGenerator<readonly Row[]> {
  const statement = `SELECT ${selectTexts(fields)} FROM ${publishedTable(table)} ORDER BY ${numberColumn}`
  const cursor = runner.unsafe(statement).values().cursor(batchSize)
  for await (const rows of cursor) yield rows as unknown as Row[]
}
