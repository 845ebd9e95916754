/** Rows of a dataset for a page, by the same query as the API's records. */
import type { AppContext } from '../../catalogue/index.ts'
import type { LoadedContract } from '../../contract/index.ts'
import { anonymousCaller } from '../../platform/caller.ts'
import { defined } from '../../platform/defined.ts'
import { recordsJson } from '../../records/index.ts'
import type { RecordRow } from './cells.tsx'

export interface RowsPage {
  readonly rows: readonly RecordRow[]
  /** The contract by which the rows were read. */
  readonly contractVersion: number
  readonly edition?: string
  readonly version?: number
  /** Rows of the whole version. */
  readonly records: number
  /** Rows that match, if they were counted. */
  readonly count?: number
  readonly synthetic: boolean
  /** Cursor of the next page. */
  readonly next?: string
}

interface RowsRequest {
  readonly loaded: LoadedContract
  readonly parameters: Readonly<Record<string, string>>
  readonly version?: { readonly edition: string; readonly number: number }
  readonly preview?: string
}

interface RecordsBody {
  readonly data: readonly RecordRow[]
  readonly meta: Omit<RowsPage, 'rows' | 'next'>
  readonly links: { readonly next: string | null }
}

/** Reads a page of rows. Throws the problems of the API. */
export async function findRows(context: AppContext, request: RowsRequest): Promise<RowsPage> {
  const text = await recordsJson(context, { ...request, caller: anonymousCaller })
  const { data, meta, links } = JSON.parse(text) as RecordsBody
  const next =
    links.next === null
      ? undefined
      : (new URL(links.next, 'http://localhost').searchParams.get('cursor') ?? undefined)
  const { contractVersion, records, synthetic, edition, version, count } = meta
  return { rows: data, contractVersion, records, synthetic, ...defined({ edition, version, count, next }) }
}
