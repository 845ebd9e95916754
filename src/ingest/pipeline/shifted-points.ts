/**
 * Finds coordinates that are in GCJ-02 or BD-09 though the contract says WGS-84: compared with the newest published version,
 * the points of a part are where a conversion would move them, some 500 m (GCJ-02) or 1,100 m (BD-09) to the east-south-east
 * in Shanghai. New places can't be judged, so a first edition never is.
 */
import { faultAt } from '../../bundle/index.ts'
import { type AppContext, latestOf, listVersions, type PublishedVersion } from '../../catalogue/index.ts'
import {
  type Contract,
  type CoordinateFields,
  conversionOf,
  coordinateFields,
  crsNames,
  distanceOf,
  type Field,
  type Place,
} from '../../contract/index.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import type { Finding } from '../../platform/finding.ts'
import { publishedTable } from '../../records/index.ts'
import { stagingTable } from './parts.ts'
import type { Verified } from './verify.ts'

/** Rows and places that are compared: enough to be certain of a part, and soon read. */
const [rowsMax, placesMax] = [20_000, 2_000]
/** Fewer moved places may be corrections. */
const movedMin = 3
/** Share of the known places of a part that must have moved so. */
const shareMin = 0.8
/** Metres around the converted point: other sources of a school differ by its grounds. */
const nearMax = 100

const checks = { gcj02: 'coordinates-gcj02', bd09: 'coordinates-bd09' } as const

/** The warning about the points of a staged part; undefined if nothing shows that they are shifted. */
export async function findShiftedPoints(
  context: AppContext,
  { manifest, loaded, bundleId }: Pick<Verified, 'manifest' | 'loaded' | 'bundleId'>,
): Promise<Finding | undefined> {
  const { contract } = loaded
  const points = coordinateFields(contract)
  const isDeclared = contract.coordinates?.system !== 'WGS-84'
  if (points === undefined || isDeclared || contract.derivation !== undefined) return undefined
  const version = latestOf(await listVersions(context.database, { dataset: manifest.dataset }))
  if (version === undefined) return undefined
  const former = context.contracts.get(version.dataset, version.contractVersion).contract
  const places = await readPlaces(context, {
    contract,
    points,
    former,
    version,
    table: stagingTable(bundleId),
  })
  for (const crs of crsNames) {
    const { fromWgs84 } = await conversionOf(crs)
    const moved = places.filter(({ before, now }) => {
      const converted = fromWgs84(before)
      return distanceOf(converted, now) <= nearMax && distanceOf(converted, before) > 2 * nearMax
    })
    if (moved.length >= movedMin && moved.length >= shareMin * places.length)
      return faultAt(checks[crs], {
        field: points.longitude.name,
        expected: `WGS-84; ${moved.length} / ${places.length}`,
      })
  }
  return undefined
}

interface Moved {
  readonly before: Place
  readonly now: Place
}

/** The places of rows that the version has too, as they were and as they are brought. */
async function readPlaces(
  { database }: AppContext,
  {
    contract,
    points,
    former,
    version,
    table,
  }: {
    readonly contract: Contract
    readonly points: CoordinateFields
    readonly former: Contract
    readonly version: PublishedVersion
    readonly table: string
  },
): Promise<readonly Moved[]> {
  const known = coordinateFields(former)
  const key = contract.primaryKey.filter((name) => former.primaryKey.includes(name)).map(quoteIdentifier)
  if (known === undefined || key.length === 0) return []
  const [found] = await database.work`SELECT to_regclass(${publishedTable(version.recordsTable)}) AS name`
  if (found?.['name'] === null) return []
  const degrees = (source: string, { name }: Field) =>
    `${source}.${quoteIdentifier(name)}::text::double precision`
  const rows = await database.work.unsafe<{ x: number; y: number; x1: number; y1: number }[]>(
    `SELECT DISTINCT ${degrees('former', known.longitude)} AS x, ${degrees('former', known.latitude)} AS y,
       ${degrees('brought', points.longitude)} AS x1, ${degrees('brought', points.latitude)} AS y1
     FROM (SELECT * FROM ${table} LIMIT ${rowsMax}) AS brought JOIN ${publishedTable(version.recordsTable)} AS former
       ON ${key.map((name) => `brought.${name} = former.${name}::text`).join(' AND ')}
     WHERE brought.${quoteIdentifier(points.longitude.name)} IS NOT NULL
       AND brought.${quoteIdentifier(points.latitude.name)} IS NOT NULL
       AND former.${quoteIdentifier(known.longitude.name)} IS NOT NULL
       AND former.${quoteIdentifier(known.latitude.name)} IS NOT NULL
     LIMIT ${placesMax}`,
  )
  return rows.map(({ x, y, x1, y1 }) => ({
    before: { longitude: x, latitude: y },
    now: { longitude: x1, latitude: y1 },
  }))
}
