/**
 * Records of one version by offset, each with its number: for protocols that count where ours have cursors. The version is
 * pinned by its caller, so that equal offsets give equal records; a deep offset without conditions costs what the first does.
 * Refuses what a plan refuses.
 */
import type { Readable } from 'node:stream'
import type { AppContext, PublishedVersion } from '../../catalogue/index.ts'
import type { Field } from '../../contract/index.ts'
import { copyCsv, csvColumns, csvLines, encodeCsv, type RecordValues } from '../../formats/index.ts'
import { problem } from '../../platform/problem.ts'
import { copyRecords, readerOf } from '../read/read-records.ts'
import { withHeader } from '../read/render-answer.ts'
import { copyStatements, numberedColumn } from '../read/sql.ts'
import { type Disconnectable, streamsOf } from '../streams.ts'
import { sortableFields } from '../tables.ts'
import type { Filter } from './filters.ts'
import type { Position } from './order.ts'
import { type Plan, type PlannedWord, planRecords } from './plan.ts'
import { limitMax, type SortField, sortMax } from './query.ts'

/** Most records in one answer by offset. */
export const numberedMax = limitMax

/** The member that numbers the records of a version from 1, in the order of its key. */
export const numberField: Field = {
  name: '_id',
  type: 'integer',
  role: 'key',
  title: { zh: '序号', en: 'Number' },
  description: { zh: '记录在该版本中的序号。', en: 'Number of the record in its version.' },
}

/** What is asked of a version. Fields are named as in its contract; the order may name the number besides. */
export interface NumberedQuery {
  readonly filters: readonly Filter[]
  readonly words: readonly { readonly text: string; readonly field?: string }[]
  /** All fields where absent. */
  readonly select?: readonly string[]
  readonly sort: readonly SortField[]
}

export type NumberedPlan = Plan<PublishedVersion>

/** Plans a question about one version. Throws `parameter-unknown` and `parameter-invalid`. */
export function planNumbered(
  { contracts }: Pick<AppContext, 'contracts'>,
  version: PublishedVersion,
  query: NumberedQuery,
): NumberedPlan {
  const { contract } = contracts.get(version.dataset, version.contractVersion)
  const sort = numberedOrder(query.sort, contract.primaryKey[0] ?? '')
  if (sort.length > sortMax) {
    throw problem('parameter-invalid', { path: 'sort', detail: `At most ${sortMax} fields.` })
  }
  const plan = planRecords(
    {
      filters: query.filters,
      sort,
      count: false,
      csv: {},
      ...(query.select === undefined ? {} : { select: query.select }),
    },
    [version],
    contracts,
  )
  if (query.words.length === 0) return plan
  const words = query.words.map(({ text, field: name }): PlannedWord => {
    if (name === undefined) return { text }
    const field = contract.fields.find((candidate) => candidate.name === name)
    if (field === undefined)
      throw problem('parameter-invalid', { path: 'q', detail: `No field \`${name.slice(0, 100)}\`.` })
    return { text, field }
  })
  return { ...plan, words }
}

/**
 * The number is the order of the key, so to sort by it alone is to sort by how the key begins. Behind other fields it
 * decides between equals, as it does anyway, in the direction of the first.
 */
function numberedOrder(sort: readonly SortField[], key: string): readonly SortField[] {
  const at = sort.findIndex(({ field }) => field === numberField.name)
  if (at < 0) return sort
  const { descending = false } = sort[at] ?? {}
  if (at === 0 && sort.length === 1) return descending ? [{ field: key, descending }] : []
  if (at === sort.length - 1 && descending === sort[0]?.descending) return sort.slice(0, -1)
  throw problem('parameter-invalid', {
    path: 'sort',
    detail: `\`${numberField.name}\` stands alone, or last and in the direction of the first field.`,
  })
}

/** The names that records may be sorted by. */
export function sortableNames({ loaded }: NumberedPlan): readonly string[] {
  return [numberField.name, ...sortableFields(loaded.contract).map(({ name }) => name)]
}

/** So many records behind the first `offset`: the number, then the canonical texts of the plan's fields. */
export async function readNumbered(
  { database }: Pick<AppContext, 'database'>,
  plan: NumberedPlan,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<readonly RecordValues[]> {
  const position = positionOf(plan, offset)
  if (limit === 0 || position === 'behind') return []
  return readerOf(database).numbered(plan, position, { offset: position === undefined ? offset : 0, limit })
}

/** How many records meet the conditions. */
export function countNumbered(
  { database }: Pick<AppContext, 'database'>,
  plan: NumberedPlan,
): Promise<number> {
  return readerOf(database).count(plan)
}

/** Numbers are without gaps: where nothing is left out and their order is the walk's, an offset is a number. */
function positionOf(plan: NumberedPlan, offset: number): Position | 'behind' | undefined {
  const { conditions, words, order, targets } = plan
  if (offset === 0 || conditions.length > 0 || words !== undefined || order.keys.length > 0) return undefined
  const records = targets[0]?.version.records ?? 0
  if (offset >= records) return 'behind'
  return { at: 0, after: order.descending ? records - offset + 1 : offset, values: [] }
}

/**
 * All records as one CSV of these columns, which are the number and the plan's fields in any order; counted among the
 * streams. Throws `streams-busy`.
 */
export function streamNumbered(
  context: Pick<AppContext, 'config' | 'database'>,
  plan: NumberedPlan,
  { columns, bom, reader, caller }: NumberedStream,
): Promise<Readable> {
  const select = columns
    .map((field) => (field === numberField ? numberedColumn : csvColumns([field])))
    .join(', ')
  const header = csvLines([columns.map(({ name }) => name)])
  const make = (signal: AbortSignal) =>
    encodeCsv(
      withHeader(
        header,
        copyRecords(context.database, copyStatements(plan, undefined, select, copyCsv), signal),
      ),
      { encoding: 'utf-8', bom },
    )
  return streamsOf(context).open(make, reader, caller)
}

interface NumberedStream {
  readonly columns: readonly Field[]
  readonly bom: boolean
  readonly reader: Disconnectable
  readonly caller: string
}
