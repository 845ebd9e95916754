/**
 * Records as GeoJSON (RFC 7946), one feature per line: the point, and all fields as properties. Coordinates are in WGS-84
 * with the published digits; a record without them has no geometry. Not made for contracts without coordinates.
 */
import { type Contract, type CoordinateFields, coordinateFields, type Field } from '../contract/index.ts'
import type { RecordValues, RenderedFormat } from './format.ts'
import { copyLines, jsonRecord, jsonRow, linesIntoList } from './json.ts'

/** What is before the first feature. */
export const collectionHead = '{"type":"FeatureCollection","features":['
const collectionTail = ']}'

export const geojson: RenderedFormat = {
  name: 'geojson',
  mediaType: 'application/geo+json',
  omits: ({ contract }) =>
    coordinateFields(contract) === undefined
      ? { zh: '数据契约没有坐标字段（coordinates）。', en: 'The contract has no `coordinates`.' }
      : undefined,
  async *render(batches, { contract, fields }) {
    const feature = featureRecord(fields, pointsOf(contract))
    yield collectionHead
    let before = '\n'
    for await (const batch of batches) {
      if (batch.length === 0) continue
      yield before + batch.map(feature).join(',\n')
      before = ',\n'
    }
    yield before === '\n' ? `${collectionTail}\n` : `\n${collectionTail}\n`
  },
  copied: ({ contract, fields }) => ({
    columns: `${featureRow(fields, pointsOf(contract))} || ','`,
    options: copyLines,
    complete: intoCollection,
  }),
}

function pointsOf(contract: Contract): CoordinateFields {
  const points = coordinateFields(contract)
  if (points === undefined) throw new Error('GeoJSON needs coordinates')
  return points
}

/** Returns a function that writes one record of these fields as a feature. */
function featureRecord(fields: readonly Field[], points: CoordinateFields) {
  const properties = jsonRecord(fields)
  const indexOf = ({ name }: Field) => fields.findIndex((field) => field.name === name)
  const [x, y] = [indexOf(points.longitude), indexOf(points.latitude)]
  return (row: RecordValues) => {
    const [longitude, latitude] = [row[x] ?? null, row[y] ?? null]
    const geometry =
      longitude === null || latitude === null
        ? 'null'
        : `{"type":"Point","coordinates":[${longitude},${latitude}]}`
    return `{"type":"Feature","geometry":${geometry},"properties":${properties(row)}}`
  }
}

/** SQL that writes one record as `featureRecord` does, from columns named like the fields. */
export function featureRow(fields: readonly Field[], { longitude, latitude }: CoordinateFields): string {
  const [x, y] = [`"${longitude.name}"`, `"${latitude.name}"`]
  const point = `'{"type":"Point","coordinates":[' || ${x}::text || ',' || ${y}::text || ']}'`
  // A missing coordinate makes the point null.
  return `'{"type":"Feature","geometry":' || coalesce(${point}, 'null') || ',"properties":' || ${jsonRow(fields)} || '}'`
}

/** A collection of features from lines that end with a comma. */
export const intoCollection = (lines: AsyncIterable<Uint8Array>) =>
  linesIntoList(lines, `${collectionHead}\n`, collectionTail)
