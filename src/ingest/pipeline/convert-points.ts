/** Converts the staged coordinates of a contract that declares GCJ-02 or BD-09 to WGS-84, which is what is published. */
import { type Contract, conversionOf, type Field } from '../../contract/index.ts'
import type { Database } from '../../db/database.ts'
import { quoteIdentifier } from '../../db/identifier.ts'

const names = { 'GCJ-02': 'gcj02', 'BD-09': 'bd09' } as const

/** Digits after the point if the contract does not say: a tenth of a metre. */
const scaleUsual = 6

/** Converts the rows of a staging table that was just filled. Rows without coordinates are left as they are. */
export async function convertPoints(database: Database, contract: Contract, table: string): Promise<void> {
  const { coordinates, fields } = contract
  if (coordinates === undefined || coordinates.system === 'WGS-84') return
  const field = (name: string): Field | undefined => fields.find((one) => one.name === name)
  const [longitude, latitude] = [
    quoteIdentifier(coordinates.longitude),
    quoteIdentifier(coordinates.latitude),
  ]
  const found = await database.work.unsafe<{ x: string; y: string }[]>(
    `SELECT DISTINCT ${longitude} AS x, ${latitude} AS y FROM ${table}
     WHERE ${longitude} IS NOT NULL AND ${latitude} IS NOT NULL`,
  )
  const { toWgs84 } = await conversionOf(names[coordinates.system])
  const write = (value: number, name: string) => value.toFixed(field(name)?.scale ?? scaleUsual)
  const places = found.map(({ x, y }) => toWgs84({ longitude: Number(x), latitude: Number(y) }))
  // One statement, because a converted place may equal one that is still to be converted.
  await database.work.unsafe(
    `UPDATE ${table} SET ${longitude} = place.x1, ${latitude} = place.y1
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS place (x, y, x1, y1)
     WHERE ${longitude} = place.x AND ${latitude} = place.y`,
    [
      found.map(({ x }) => x),
      found.map(({ y }) => y),
      places.map((place) => write(place.longitude, coordinates.longitude)),
      places.map((place) => write(place.latitude, coordinates.latitude)),
    ],
  )
}
