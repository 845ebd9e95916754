/**
 * Renders a resolved request: a page as bytes, or all records as a stream of bytes. Refuses one thing that
 * could not be checked before: a character that the encoding of a CSV can't represent.
 */

import { type AppContext, addresses, isSynthetic, type ServedVersion } from '../../catalogue/index.ts'
import {
  collectionHead,
  copyCsv,
  copyLines,
  csvHeader,
  csvLines,
  encodeCsv,
  guardCells,
  intoCollection,
  jsonRecord,
  type RecordValues,
  unwritableField,
  unwritablePattern,
} from '../../formats/index.ts'
import { defined } from '../../platform/defined.ts'
import { problem } from '../../platform/problem.ts'
import type { Position } from '../query/order.ts'
import { canonicalQuery, type Plan } from '../query/plan.ts'
import { writeRecordCursor } from '../query/record-cursor.ts'
import type { RecordsRequest } from '../query/resolve-request.ts'
import { convertedRows, rowConverter } from './convert-rows.ts'
import { copyRecords, type LastRecord, type RecordsReader } from './read-records.ts'
import { columnsOf, copyStatements, findUnwritable, lineColumns, plainColumns } from './sql.ts'

interface PageAnswer {
  readonly bytes: Buffer
  /** URL of the next page; undefined on the last. */
  readonly next: string | undefined
}

/**
 * Renders a page. It depends on `resolved.key` alone, so it can be cached under that key until one of its
 * versions is withdrawn.
 */
export async function answerPage(
  context: AppContext,
  reader: RecordsReader,
  resolved: RecordsRequest,
): Promise<PageAnswer> {
  const { plan, format, limit } = resolved
  if (limit === undefined) throw new Error('a page has a limit')
  const position = await reader.position(plan, resolved.position)
  if (format === 'csv') {
    const { records, last } = await reader.rows(plan, position, limit)
    const rows = records.map(await rowConverter(resolved))
    return { bytes: await writeCsv(resolved, rows), next: nextLink(resolved, last) }
  }
  const isLines = format === 'ndjson'
  const [{ records, last }, count] = await Promise.all([
    readJson(reader, resolved, position, limit),
    !isLines && resolved.count ? reader.count(plan) : undefined,
  ])
  const next = nextLink(resolved, last)
  if (isLines) return { bytes: records.length === 0 ? records : Buffer.concat([records, lineEnd]), next }
  const meta = JSON.stringify(metaOf(context, resolved, count))
  const links = JSON.stringify(linksOf(context, resolved, next))
  const rest = Buffer.from(`],"meta":${meta},"links":${links}}`)
  return { bytes: Buffer.concat([beforeRecords[format], records, rest]), next }
}

/** The records of a page as JSON: by Postgres, unless their coordinates are converted. */
async function readJson(
  reader: RecordsReader,
  resolved: RecordsRequest,
  position: Position | undefined,
  limit: number,
) {
  const { plan, format, crs } = resolved
  const separator = format === 'ndjson' ? '\n' : ',\n'
  if (crs === undefined) return reader.json(plan, position, limit, separator)
  const { records, last } = await reader.rows(plan, position, limit)
  const lines = records.map(await rowConverter(resolved)).map(jsonRecord(columnsOf(plan)))
  return { records: Buffer.from(lines.join(separator)), ...defined({ last }) }
}

const beforeRecords = { json: Buffer.from('{"data":['), geojson: Buffer.from(collectionHead) } as const
const lineEnd = Buffer.from('\n')

/** Streams all requested records. Throws `parameter-invalid` before the first byte. */
export async function* answerAll(
  context: AppContext,
  reader: RecordsReader,
  resolved: RecordsRequest,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { plan, form } = resolved
  const position = await reader.position(plan, resolved.position)
  if (resolved.format !== 'csv') {
    yield* allLines(context, reader, resolved, position, signal)
    return
  }
  if (form.encoding !== 'utf-8') {
    const statement = findUnwritable(plan, unwritablePattern)
    if (statement !== undefined) {
      const found = await reader.first(statement)
      if (found !== undefined) throw unwritable(found)
    }
  }
  const records =
    resolved.crs === undefined
      ? copyRecords(
          context.database,
          copyStatements(plan, position, plainColumns(plan, form.guarded), copyCsv),
          signal,
        )
      : linesOf(convertedRows(reader, resolved, position, signal), (rows) =>
          csvLines(form.guarded ? rows.map(guardCells(columnsOf(plan))) : rows),
        )
  yield* encodeCsv(withHeader(headerOf(resolved), records), form)
}

/** All records as NDJSON or GeoJSON. */
async function* allLines(
  { database }: AppContext,
  reader: RecordsReader,
  resolved: RecordsRequest,
  position: Position | undefined,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { plan, crs } = resolved
  if (crs !== undefined) {
    const record = jsonRecord(columnsOf(plan))
    yield* linesOf(convertedRows(reader, resolved, position, signal), (rows) =>
      rows.map((row) => `${record(row)}\n`).join(''),
    )
    return
  }
  const lines = copyRecords(database, copyStatements(plan, position, lineColumns(plan), copyLines), signal)
  if (!plan.isFeatures) yield* lines
  else for await (const chunk of intoCollection(lines)) yield Buffer.from(chunk)
}

async function* linesOf(
  batches: AsyncIterable<readonly RecordValues[]>,
  write: (rows: readonly RecordValues[]) => string,
): AsyncGenerator<Uint8Array> {
  for await (const batch of batches) if (batch.length > 0) yield Buffer.from(write(batch))
}

/** A header, then the records. */
export async function* withHeader(header: string, records: AsyncIterable<Uint8Array>) {
  // The header is sent with the first records, so that an error before them still becomes a problem response.
  let isFirst = true
  for await (const chunk of records) {
    yield isFirst ? Buffer.concat([Buffer.from(header), chunk]) : chunk
    isFirst = false
  }
  if (isFirst) yield header
}

function headerOf({ plan, form }: RecordsRequest): string {
  const header = csvHeader(columnsOf(plan), form)
  if (form.encoding === 'gb18030' && new RegExp(unwritablePattern).test(header)) throw unwritable('header')
  return header
}

/** A page of CSV. Throws `parameter-invalid` for a character that the encoding can't represent. */
async function writeCsv(resolved: RecordsRequest, rows: readonly RecordValues[]): Promise<Buffer> {
  const { plan, form } = resolved
  const columns = columnsOf(plan)
  const outside = form.encoding === 'gb18030' ? unwritableField(columns, rows) : undefined
  if (outside !== undefined) throw unwritable(outside.name)
  const lines = csvLines(form.guarded ? rows.map(guardCells(columns)) : rows)
  const chunks: Uint8Array[] = []
  for await (const chunk of encodeCsv([`${headerOf(resolved)}${lines}`], form)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function unwritable(field: string) {
  return problem('parameter-invalid', {
    path: 'encoding',
    detail: `GB18030 cannot encode a character in \`${field}\`. Use encoding=utf-8, or leave the field out with select.`,
    field,
  })
}

/** URL of the next page; undefined on the last. */
function nextLink(
  { plan, path, parameters }: RecordsRequest,
  last: LastRecord | undefined,
): string | undefined {
  if (last === undefined) return undefined
  const versions = plan.targets.map(({ version }) => [version.edition, version.number] as const)
  const cursor = writeRecordCursor(plan.loaded.contract.dataset, canonicalQuery(plan), { versions, ...last })
  return `${path}?${queryOf([...parameters, ['cursor', cursor]])}`
}

function queryOf(parameters: Plan['parameters']): string {
  return new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value])).toString()
}

function versionMeta(version: ServedVersion) {
  return {
    edition: version.edition,
    version: version.number,
    contractVersion: version.contractVersion,
    publishedAt: version.publishedAt?.toISOString() ?? null,
    records: version.records,
    synthetic: isSynthetic(version),
    ...(version.state === 'draft' ? { state: version.state } : {}),
  }
}

function metaOf({ config }: AppContext, { plan, crs }: RecordsRequest, count: number | undefined) {
  const { dataset, contractVersion } = plan.loaded.contract
  const versions = plan.targets.map(({ version }) => version)
  const counted = defined({ count, crs })
  const [only] = versions
  if (!plan.joinsEditions && only !== undefined) return { dataset, ...versionMeta(only), ...counted }
  return {
    dataset,
    contractVersion,
    records: versions.reduce((sum, { records }) => sum + records, 0),
    synthetic: versions.some(isSynthetic),
    ...counted,
    editions: versions.map((version) => ({
      ...versionMeta(version),
      href: addresses(config).version(version),
    })),
  }
}

function linksOf({ config }: AppContext, resolved: RecordsRequest, next: string | undefined) {
  const { plan, path, parameters, cursor, count } = resolved
  const at = addresses(config)
  const { dataset, contractVersion } = plan.loaded.contract
  const [only] = plan.targets
  const self = queryOf([
    ...parameters,
    ...(count ? [['count', 'exact'] as const] : []),
    ...(cursor === undefined ? [] : [['cursor', cursor] as const]),
  ])
  return {
    self: `${path}?${self}`,
    next: next ?? null,
    ...(plan.joinsEditions || only === undefined ? {} : { version: at.version(only.version) }),
    contract: at.contract(dataset, contractVersion),
  }
}
