/**
 * Records of one version by offset, each with its number, for protocols that page by offset instead of
 * cursor. The caller pins the version, so that equal offsets return equal records. Without conditions a deep
 * offset costs no more than the first. Throws the problems of a plan.
 */

import type { Readable } from 'node:stream'
import type { AppContext, PublishedVersion } from '../../catalogue/index.ts'
import type { Field } from '../../contract/index.ts'
import { copyCsv, csvColumns, csvLines, encodeCsv, type RecordValues } from '../../formats/index.ts'
import { defined } from '../../platform/defined.ts'
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

/** The member with the record's number in its version, from 1 in key order. */
export const numberField: Field = {
  name: '_id',
  type: 'integer',
  role: 'key',
  title: { zh: '序号', en: 'Number' },
  description: { zh: '记录在该版本中的序号。', en: 'Number of the record in its version.' },
}

/** A query over one version. Fields are named as in its contract; `sort` may also name the number. */
interface NumberedQuery {
  readonly filters: readonly Filter[]
  readonly words: readonly { readonly text: string; readonly field?: string }[]
  /** All fields where absent. */
  readonly select?: readonly string[]
  readonly sort: readonly SortField[]
}

export type NumberedPlan = Plan<PublishedVersion>

/** Plans a query over one version. Throws `parameter-unknown` and `parameter-invalid`. */
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
      ...defined({ select: query.select }),
    },
    [version],
    contracts,
  )
  if (query.words.length === 0) return plan
  const words = query.words.map(({ text, field: name }): PlannedWord => {
    if (name === undefined) return { text, fields: contract.fields }
    const field = contract.fields.find((candidate) => candidate.name === name)
    if (field === undefined)
      throw problem('parameter-invalid', { path: 'q', detail: `No field \`${name.slice(0, 100)}\`.` })
    return { text, fields: [field] }
  })
  return { ...plan, words }
}

/**
 * Replaces the number in a sort order. Alone it equals sorting by the first key field. After other fields it
 * is the tie-breaker that every order has anyway, in the direction of the first field.
 */
function numberedOrder(sort: readonly SortField[], key: string): readonly SortField[] {
  const at = sort.findIndex(({ field }) => field === numberField.name)
  if (at < 0) return sort
  const { descending = false } = sort[at] ?? {}
  if (at === 0 && sort.length === 1) return descending ? [{ field: key, descending }] : []
  if (at === sort.length - 1 && descending === sort[0]?.descending) return sort.slice(0, -1)
  throw problem('parameter-invalid', {
    path: 'sort',
    detail: `Use \`${numberField.name}\` alone, or last and in the direction of the first field.`,
  })
}

/** The names that records can be sorted by. */
function _sortableNames({ loaded }: NumberedPlan): readonly string[] {
  return [numberField.name, ...sortableFields(loaded.contract).map(({ name }) => name)]
}

/**
 * Up to `limit` records after the first `offset`: each its number, then the canonical texts of the plan's
 * fields.
 */
export async function readNumbered(
  { database }: Pick<AppContext, 'database'>,
  plan: NumberedPlan,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<readonly RecordValues[]> {
  const position = positionOf(plan, offset)
  if (limit === 0 || position === 'past-end') return []
  return readerOf(database).numbered(plan, position, { offset: position === undefined ? offset : 0, limit })
}

/** Counts the records that match the conditions. */
export function countNumbered(
  { database }: Pick<AppContext, 'database'>,
  plan: NumberedPlan,
): Promise<number> {
  return readerOf(database).count(plan)
}

/**
 * The position of an offset. Numbers have no gaps, so without conditions and in key order an offset is a
 * number; undefined otherwise.
 */
function positionOf(plan: NumberedPlan, offset: number): Position | 'past-end' | undefined {
  const { conditions, words, order, targets } = plan
  if (offset === 0 || conditions.length > 0 || words !== undefined || order.keys.length > 0) return undefined
  const records = targets[0]?.version.records ?? 0
  if (offset >= records) return 'past-end'
  return { at: 0, after: order.descending ? records - offset + 1 : offset, values: [] }
}

/**
 * All records as one CSV with these columns: the number and the plan's fields, in any order. Counts as a
 * stream; throws `streams-busy`.
 */
export function streamNumbered(
  context: Pick<AppContext, 'config' | 'database'>,
  plan: NumberedPlan,
  { columns, bom, client, callerKey }: NumberedStream,
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
  return streamsOf(context).open(make, client, callerKey)
}

interface NumberedStream {
  readonly columns: readonly Field[]
  readonly bom: boolean
  readonly client: Disconnectable
  readonly callerKey: string
}
