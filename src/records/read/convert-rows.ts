/** Records with their coordinates in another system, in batches of canonical texts. */
import { conversionOf, type Field } from '../../contract/index.ts'
import type { RecordValues } from '../../formats/index.ts'
import type { Position } from '../query/order.ts'
import type { RecordsRequest } from '../query/resolve-request.ts'
import type { RecordsReader } from './read-records.ts'
import { columnsOf, rowColumns } from './sql.ts'

/** Digits after the point if the contract does not say: a tenth of a metre. */
const scaleUsual = 6

/** Records in memory while all records are converted. */
const batchSize = 5_000

/**
 * A function that converts rows read with `rowColumns` to the columns of the response. Returns rows unchanged if no system
 * was requested.
 */
export async function rowConverter({ plan, crs }: Pick<RecordsRequest, 'plan' | 'crs'>) {
  const { points } = plan
  if (crs === undefined || points === undefined) return (row: RecordValues) => row
  const { fromWgs84 } = await conversionOf(crs)
  const columns = rowColumns(plan)
  const indexOf = ({ name }: Field) => columns.findIndex((column) => column.name === name)
  const [x, y, count] = [indexOf(points.longitude), indexOf(points.latitude), columnsOf(plan).length]
  const write = (value: number, { scale = scaleUsual }: Field) => value.toFixed(scale)
  return (row: RecordValues): RecordValues => {
    const [longitude, latitude] = [row[x] ?? null, row[y] ?? null]
    if (longitude === null || latitude === null) return row.slice(0, count)
    const place = fromWgs84({ longitude: Number(longitude), latitude: Number(latitude) })
    const converted = [...row]
    converted[x] = write(place.longitude, points.longitude)
    converted[y] = write(place.latitude, points.latitude)
    return converted.slice(0, count)
  }
}

/** All records from a position on, converted. A version's records never change, so the batches belong together. */
export async function* convertedRows(
  reader: RecordsReader,
  request: Pick<RecordsRequest, 'plan' | 'crs'>,
  position: Position | undefined,
  signal: AbortSignal,
): AsyncGenerator<readonly RecordValues[]> {
  const { plan } = request
  const convert = await rowConverter(request)
  let from = position
  while (true) {
    signal.throwIfAborted()
    const { records, last } = await reader.rows(plan, from, batchSize)
    yield records.map(convert)
    if (last === undefined) return
    from = await reader.position(plan, { versions: [], ...last })
  }
}
