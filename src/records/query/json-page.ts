/**
 * A page of one version's records as JSON objects, for protocols with a query language and an envelope of their own. The
 * caller checks that the reader may read the dataset. Throws the problems of a plan and of a cursor.
 */

import { type AppContext, getLatest, getVersion, type PublishedVersion } from '../../catalogue/index.ts'
import { defined } from '../../platform/defined.ts'
import { problem } from '../../platform/problem.ts'
import { readerOf } from '../read/read-records.ts'
import type { Filter } from './filters.ts'
import { canonicalQuery, planRecords } from './plan.ts'
import type { SortField } from './query.ts'
import { readRecordCursor, writeRecordCursor } from './record-cursor.ts'

export interface PageQuery {
  readonly dataset: string
  readonly filters: readonly Filter[]
  /** All fields where absent. */
  readonly select?: readonly string[]
  readonly sort: readonly SortField[]
  /** Records on the page; 0 reads none. */
  readonly limit: number
  /** From the page before. It also names the version, so that a walk stays on the records it began with. */
  readonly cursor?: string
  /** Whether to count all matching records. */
  readonly count: boolean
}

interface JsonPage {
  readonly version: PublishedVersion
  /** JSON objects with commas between them. */
  readonly records: Buffer
  /** Cursor of the next page; absent on the last. */
  readonly next?: string
  readonly count?: number
}

/** Reads a page of the latest version, or of the cursor's. */
export async function readJsonPage(context: AppContext, query: PageQuery): Promise<JsonPage> {
  const { dataset, filters, select, sort, limit, cursor, count } = query
  const { database, config, contracts } = context
  const known = cursor === undefined ? undefined : readRecordCursor(dataset, cursor)
  const version = await chooseVersion({ database, config }, dataset, known?.position.versions)
  const plan = planRecords({ filters, sort, count, csv: {}, ...defined({ select }) }, [version], contracts)
  const canonical = canonicalQuery(plan)
  known?.verifyQuery(canonical)
  const reader = readerOf(database)
  const position = await reader.position(plan, known?.position)
  const [page, counted] = await Promise.all([
    limit === 0 ? { records: Buffer.alloc(0) } : reader.json(plan, position, limit, ',\n'),
    count ? reader.count(plan) : undefined,
  ])
  const last = 'last' in page ? page.last : undefined
  const versions = [[version.edition, version.number] as const]
  return {
    version,
    records: page.records,
    ...(last === undefined ? {} : { next: writeRecordCursor(dataset, canonical, { versions, ...last }) }),
    ...defined({ count: counted }),
  }
}

/** The version that a cursor names, else the latest. */
async function chooseVersion(
  { database, config }: Pick<AppContext, 'database' | 'config'>,
  dataset: string,
  pinned: readonly (readonly [edition: string, number: number])[] | undefined,
): Promise<PublishedVersion> {
  if (pinned === undefined) return getLatest(database, config, dataset)
  const [only, other] = pinned
  if (only === undefined || other !== undefined) throw problem('cursor-invalid', { path: 'cursor' })
  return getVersion(database, config, { dataset, edition: only[0], version: only[1] })
}
