/**
 * From a request to what is asked: query, versions, plan, place and form of the answer, as one value with one canonical
 * key. Equal keys have equal bytes. Refuses what the stages on the way refuse, before any record is read.
 */

import {
  type AppContext,
  addresses,
  findServed,
  getLatest,
  getVersion,
  latestOf,
  listVersions,
  type PublishedVersion,
  type ServedVersion,
} from '../../catalogue/index.ts'
import type { CsvForm } from '../../formats/index.ts'
import type { Language } from '../../platform/language.ts'
import { problem } from '../../platform/problem.ts'
import { type CsvSwitches, refuseSwitches } from './csv-options.ts'
import { canonicalQuery, isJoined, type Plan, planRecords } from './plan.ts'
import { editionsMax, limitDefault, parseQuery, type Query } from './query.ts'
import { type RecordPosition, readRecordCursor } from './record-cursor.ts'

export type AnswerFormat = 'json' | 'ndjson' | 'csv'

/** What a request says, whichever address it came by. */
export interface Request {
  readonly dataset: string
  /** The version in the path; the query chooses the editions where there is none. */
  readonly version?: { readonly edition: string; readonly number: number }
  readonly format: AnswerFormat
  /** The extension of the address, where it has one. */
  readonly extension?: AnswerFormat
  readonly parameters: Readonly<Record<string, unknown>>
  /** The token that shows the version of the path before it is released. */
  readonly preview?: string
  /** The language of labels where no parameter says it. */
  readonly language: Language
}

export interface RecordsRequest {
  readonly plan: Plan<ServedVersion>
  readonly format: AnswerFormat
  /** How a CSV is written. */
  readonly form: CsvForm
  /** Records on a page; everything where absent. */
  readonly limit?: number
  readonly place?: RecordPosition
  readonly count: boolean
  /** The address without parameters. */
  readonly path: string
  /** All parameters of the address, canonical and in one order, but the cursor. */
  readonly parameters: Plan['parameters']
  readonly cursor?: string
  /** The canonical text of all that the bytes of the answer follow from. */
  readonly key: string
}

/** Part of every key; raise it when the form of an answer changes, so that no cache keeps the old form. */
const bodyForm = 3

/** Understands a request. Throws problems of parse, catalogue and plan. */
export async function resolveRequest(context: AppContext, request: Request): Promise<RecordsRequest> {
  const { dataset, format } = request
  const query = parseQuery(request.parameters)
  if (format !== 'csv') refuseSwitches(query.csv)
  const cursor = query.cursor === undefined ? undefined : readRecordCursor(dataset, query.cursor)
  const versions = await chooseVersions(context, request, query, cursor?.place)
  const plan = planRecords(query, versions, context.contracts)
  cursor?.holdTo(canonicalQuery(plan))
  const limit = query.limit ?? (format === 'json' ? limitDefault : undefined)
  const form = csvFormOf(query.csv, request.language)
  const path = pathOf(context, request)
  const parameters = [
    ...plan.parameters,
    ...(limit === undefined ? [] : [['limit', String(limit)] as const]),
    // It goes with the walk from page to page.
    ...(request.preview === undefined ? [] : [['preview', request.preview] as const]),
  ]
  // Written in one order, so that it is canonical as it is.
  const key = JSON.stringify({
    bodyForm,
    format,
    form,
    path,
    parameters,
    count: query.count,
    place: cursor?.place ?? null,
    versions: versions.map(({ edition, number, digest }) => [edition, number, digest]),
  })
  return {
    plan,
    format,
    form,
    path,
    parameters,
    count: query.count,
    key,
    ...(limit === undefined ? {} : { limit }),
    ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
    ...(cursor === undefined ? {} : { place: cursor.place }),
  }
}

/** The versions to read, the earliest period first: those of the path or the cursor, else the latest of each edition. */
async function chooseVersions(
  context: AppContext,
  { dataset, version, preview }: Request,
  query: Query,
  place: RecordPosition | undefined,
): Promise<readonly ServedVersion[]> {
  const { database, config } = context
  const { editions } = query
  const get = (edition: string, number: number) =>
    getVersion(database, config, { dataset, edition, version: number })
  if (version !== undefined) {
    if (editions !== undefined)
      throw problem('parameter-invalid', { path: 'edition', detail: 'The path says it.' })
    const [[edition, number] = [], other] = place?.versions ?? [[version.edition, version.number]]
    if (other !== undefined || edition !== version.edition || number !== version.number) {
      throw problem('cursor-invalid', { path: 'cursor' })
    }
    return [await findServed(context, { dataset, edition, version: number, preview })]
  }
  if (place !== undefined) {
    if (!isJoined(query) && place.versions.length > 1) throw problem('cursor-invalid', { path: 'cursor' })
    return Promise.all(place.versions.map(([edition, number]) => get(edition, number)))
  }
  return chooseEditions({ database, config }, dataset, editions)
}

/** The latest version of each edition asked for, the earliest period first; of the newest one where none is named. */
export async function chooseEditions(
  { database, config }: Pick<AppContext, 'database' | 'config'>,
  dataset: string,
  editions: Query['editions'],
): Promise<readonly PublishedVersion[]> {
  if (editions === undefined) return [await getLatest(database, config, dataset)]
  if (editions === 'all') return byPeriod(latestOfEach(await listVersions(database, { dataset })))
  const asked = editions.map((edition) =>
    getVersion(database, config, { dataset, edition, version: 'latest' }),
  )
  return byPeriod(await Promise.all(asked))
}

function byPeriod(versions: readonly PublishedVersion[]): readonly PublishedVersion[] {
  return [...versions].sort((a, b) => (a.periodStart < b.periodStart ? -1 : 1))
}

/** The version that stands for each edition. Editions that are withdrawn altogether are not there any more. */
function latestOfEach(versions: readonly PublishedVersion[]): readonly PublishedVersion[] {
  const editions = [...new Set(versions.map(({ edition }) => edition))]
  const latest = editions.flatMap(
    (name) => latestOf(versions.filter(({ edition }) => edition === name)) ?? [],
  )
  if (latest.length === 0) {
    throw problem('edition-not-found', { detail: 'No edition of this dataset is published.' })
  }
  if (latest.length <= editionsMax) return latest
  throw problem('parameter-invalid', {
    path: 'edition',
    detail: `At most ${editionsMax} editions are read together, and there are ${latest.length}: name those you need.`,
  })
}

function csvFormOf(
  { header, lang, bom, encoding = 'utf-8', variant }: CsvSwitches,
  language: Language,
): CsvForm {
  const labelled = header ?? (variant === 'excel' ? 'labels' : 'names')
  return {
    header: labelled,
    // So that equal bytes have equal keys: names have no language.
    lang: labelled === 'names' ? 'zh' : (lang ?? language),
    bom: encoding === 'utf-8' && (bom === '1' || variant === 'excel'),
    encoding,
    guarded: variant === 'excel',
  }
}

function pathOf({ config }: AppContext, { dataset, version, extension }: Request): string {
  const at = addresses(config)
  const path = version === undefined ? at.records(dataset) : at.versionRecords({ dataset, ...version })
  return extension === undefined ? path : `${path}.${extension}`
}
