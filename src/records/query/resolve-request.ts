/**
 * Resolves a request: query, versions, plan, position and format of the response, with one canonical key.
 * Equal keys mean equal bytes. Throws the problems of its stages before any record is read.
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
import { type CrsName, coordinateFields } from '../../contract/index.ts'
import type { CsvForm } from '../../formats/index.ts'
import { defined } from '../../platform/defined.ts'
import type { Language } from '../../platform/language.ts'
import { problem } from '../../platform/problem.ts'
import { type CsvSwitches, refuseSwitches } from './csv-options.ts'
import { canonicalQuery, type Plan, planRecords, requestsSeveralEditions } from './plan.ts'
import { editionsMax, limitDefault, parseQuery, type Query } from './query.ts'
import { type RecordPosition, readRecordCursor } from './record-cursor.ts'

export type AnswerFormat = 'json' | 'ndjson' | 'csv' | 'geojson'

/** A request for records, independent of its route. */
export interface Request {
  readonly dataset: string
  /** The version in the path; without one the query chooses the editions. */
  readonly version?: { readonly edition: string; readonly number: number }
  readonly format: AnswerFormat
  /** The extension of the path, if any. */
  readonly extension?: AnswerFormat
  readonly parameters: Readonly<Record<string, unknown>>
  /** The token that gives access to the version before its release. */
  readonly preview?: string
  /** The language of labels if no parameter sets it. */
  readonly language: Language
}

export interface RecordsRequest {
  readonly plan: Plan<ServedVersion>
  readonly format: AnswerFormat
  /** The system that coordinates are converted to. */
  readonly crs?: CrsName
  /** How a CSV is written. */
  readonly form: CsvForm
  /** Records on a page; all records if absent. */
  readonly limit?: number
  readonly position?: RecordPosition
  readonly count: boolean
  /** The URL without parameters. */
  readonly path: string
  /** All canonical parameters except the cursor, in a fixed order. */
  readonly parameters: Plan['parameters']
  readonly cursor?: string
  /** The canonical text of everything the response depends on. */
  readonly key: string
}

/** Part of every key. Raise it when the response format changes, so that caches drop the old one. */
const bodyForm = 3

/** Resolves a request. Throws the problems of parser, catalogue and plan. */
export async function resolveRequest(context: AppContext, request: Request): Promise<RecordsRequest> {
  const { dataset, format } = request
  const query = parseQuery(request.parameters)
  if (format !== 'csv') refuseSwitches(query.csv)
  const cursor = query.cursor === undefined ? undefined : readRecordCursor(dataset, query.cursor)
  const versions = await chooseVersions(context, request, query, cursor?.position)
  const plan = withPoints(planRecords(query, versions, context.contracts), query, format)
  cursor?.verifyQuery(canonicalQuery(plan))
  const limit = query.limit ?? (format === 'json' ? limitDefault : undefined)
  const form = csvFormOf(query.csv, request.language)
  const path = pathOf(context, request)
  const parameters = [
    ...plan.parameters,
    ...(limit === undefined ? [] : [['limit', String(limit)] as const]),
    // The links to further pages need the token too.
    ...(request.preview === undefined ? [] : [['preview', request.preview] as const]),
  ]
  // The order of members is fixed, so plain JSON is canonical.
  const key = JSON.stringify({
    bodyForm,
    format,
    form,
    path,
    parameters,
    count: query.count,
    place: cursor?.position ?? null,
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
    ...defined({ limit, cursor: query.cursor, crs: query.crs }),
    ...(cursor === undefined ? {} : { position: cursor.position }),
  }
}

/** GeoJSON and the conversion of coordinates need both coordinates, also if they are not selected. */
function withPoints(plan: Plan<ServedVersion>, { crs }: Query, format: AnswerFormat): Plan<ServedVersion> {
  if (format !== 'geojson' && crs === undefined) return plan
  const points = coordinateFields(plan.loaded.contract)
  if (points === undefined) throw problem('coordinates-not-found', { path: 'slug' })
  if (format !== 'geojson') return { ...plan, points }
  if (crs === undefined) return { ...plan, points, isFeatures: true }
  throw problem('parameter-invalid', {
    path: 'crs',
    detail: 'GeoJSON is always in WGS-84 (RFC 7946, section 4). Request JSON or CSV.',
  })
}

/**
 * The versions to read, the earliest period first: from the path, else from the cursor, else the latest per
 * edition.
 */
async function chooseVersions(
  context: AppContext,
  { dataset, version, preview }: Request,
  query: Query,
  position: RecordPosition | undefined,
): Promise<readonly ServedVersion[]> {
  const { database, config } = context
  const { editions } = query
  const get = (edition: string, number: number) =>
    getVersion(database, config, { dataset, edition, version: number })
  if (version !== undefined) {
    if (editions !== undefined)
      throw problem('parameter-invalid', { path: 'edition', detail: 'The path already names the edition.' })
    const [[edition, number] = [], other] = position?.versions ?? [[version.edition, version.number]]
    if (other !== undefined || edition !== version.edition || number !== version.number) {
      throw problem('cursor-invalid', { path: 'cursor' })
    }
    return [await findServed(context, { dataset, edition, version: number, preview })]
  }
  if (position !== undefined) {
    if (!requestsSeveralEditions(query.editions) && position.versions.length > 1)
      throw problem('cursor-invalid', { path: 'cursor' })
    return Promise.all(position.versions.map(([edition, number]) => get(edition, number)))
  }
  return chooseEditions({ database, config }, dataset, editions)
}

/**
 * The latest version of each requested edition, the earliest period first; of the newest edition if none is
 * named.
 */
export async function chooseEditions(
  { database, config }: Pick<AppContext, 'database' | 'config'>,
  dataset: string,
  editions: Query['editions'],
): Promise<readonly PublishedVersion[]> {
  if (editions === undefined) return [await getLatest(database, config, dataset)]
  if (editions === 'all') return byPeriod(latestOfEach(await listVersions(database, { dataset })))
  const latest = editions.map((edition) =>
    getVersion(database, config, { dataset, edition, version: 'latest' }),
  )
  return byPeriod(await Promise.all(latest))
}

function byPeriod(versions: readonly PublishedVersion[]): readonly PublishedVersion[] {
  return [...versions].sort((a, b) => (a.periodStart < b.periodStart ? -1 : 1))
}

/** The latest version of each edition, without editions that are withdrawn entirely. */
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
    detail: `At most ${editionsMax} editions can be joined, and the dataset has ${latest.length}: name those you need.`,
  })
}

function csvFormOf(
  { header, lang, bom, encoding = 'utf-8', variant }: CsvSwitches,
  language: Language,
): CsvForm {
  const labelled = header ?? (variant === 'excel' ? 'labels' : 'names')
  return {
    header: labelled,
    // Names have no language; a fixed one keeps the keys of equal responses equal.
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
