/**
 * Records by place: `bbox=west,south,east,north` and `near=lat,lon&within=metres`, both in degrees of WGS-84. Pure.
 * Refuses swapped axes, numbers outside the Earth, and a distance without a place.
 */
import {
  type CoordinateFields,
  distanceMax,
  earthRadius,
  type Field,
  type Place,
} from '../../contract/index.ts'
import { problem } from '../../platform/problem.ts'
import { degreesSql, pointSql } from '../tables.ts'
import type { Bind } from './filters.ts'

/** A rectangle with its edges. Where `west` is greater than `east`, it crosses the 180th meridian (RFC 7946, 5.2). */
interface Box {
  readonly west: number
  readonly south: number
  readonly east: number
  readonly north: number
}

interface Circle extends Place {
  /** Metres, the edge included. */
  readonly within: number
}

/** What a query asks for; if both are given, records must be in both. */
export interface Area {
  readonly box?: Box
  readonly circle?: Circle
}

/** The parameters of an area. A dataset without coordinates does not have them. */
export const areaNames = ['bbox', 'near', 'within'] as const

/** Half an hour on foot. */
export const nearDefault = 3_000

/** Parses the parameters of an area. Throws `parameter-invalid` naming the parameter. */
export function parseArea({
  bbox,
  near,
  within,
}: Readonly<Partial<Record<string, string>>>): Area | undefined {
  if (near === undefined && within !== undefined)
    throw invalid('within', '`within` needs a place: give near=lat,lon too.')
  if (bbox === undefined && near === undefined) return undefined
  return {
    ...(bbox === undefined ? {} : { box: parseBox(bbox) }),
    ...(near === undefined ? {} : { circle: { ...parsePlace(near), within: parseWithin(within) } }),
  }
}

/** The parameters of an area in their canonical form. */
export function areaParameters(area: Area | undefined): readonly (readonly [string, string])[] {
  const { box, circle } = area ?? {}
  return [
    ...(box === undefined
      ? []
      : [['bbox', [box.west, box.south, box.east, box.north].map(textOf).join()] as const]),
    ...(circle === undefined
      ? []
      : [
          ['near', `${textOf(circle.latitude)},${textOf(circle.longitude)}`] as const,
          ['within', textOf(circle.within)] as const,
        ]),
  ]
}

/** A number as `parseNumbers` reads it: without an exponent, which tiny numbers have. */
function textOf(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(15) : text
}

function parseBox(text: string): Box {
  const numbers = parseNumbers(text)
  if (numbers?.length !== 4)
    throw invalid('bbox', 'Expected west,south,east,north in degrees: four numbers, without heights.')
  const [west = 0, south = 0, east = 0, north = 0] = numbers
  const isSwapped = [south, north].some((one) => Math.abs(one) > 90)
  if (isSwapped && [west, east].every((one) => Math.abs(one) <= 90)) {
    const hint = [south, west, north, east].join()
    throw invalid('bbox', `Latitude and longitude look swapped: try bbox=${hint}.`)
  }
  if ([west, east].some((one) => Math.abs(one) > 180))
    throw invalid('bbox', 'West and east are degrees from -180 to 180.')
  if (isSwapped) throw invalid('bbox', 'South and north are degrees from -90 to 90.')
  if (south > north) throw invalid('bbox', 'South must not exceed north: the order is west,south,east,north.')
  return { west, south, east, north }
}

function parsePlace(text: string): Place {
  const numbers = parseNumbers(text)
  if (numbers?.length !== 2)
    throw invalid('near', 'Expected latitude,longitude in degrees: 31.2214,121.4785.')
  const [latitude = 0, longitude = 0] = numbers
  if (Math.abs(latitude) > 90) {
    const isSwapped = Math.abs(longitude) <= 90 && Math.abs(latitude) <= 180
    const hint = isSwapped ? ` Latitude and longitude look swapped: try near=${longitude},${latitude}.` : ''
    throw invalid('near', `Latitude is from -90 to 90 degrees.${hint}`)
  }
  if (Math.abs(longitude) > 180) throw invalid('near', 'Longitude is from -180 to 180 degrees.')
  return { latitude, longitude }
}

function parseWithin(text: string | undefined): number {
  if (text === undefined) return nearDefault
  const [metres = 0, ...others] = parseNumbers(text) ?? []
  if (others.length === 0 && metres >= 1 && metres <= distanceMax) return metres
  throw invalid(
    'within',
    `Expected metres from 1 to ${distanceMax}, which is half of the Earth's circumference.`,
  )
}

/** Decimal numbers separated by commas; undefined for anything else. */
function parseNumbers(text: string): readonly number[] | undefined {
  const parts = text.split(',').map((part) => part.trim())
  if (!parts.every((part) => /^[+-]?\d{1,8}(\.\d{1,15})?$/.test(part))) return undefined
  // Adding 0 turns -0 into 0, so that equal areas have equal texts.
  return parts.map((part) => Number(part) + 0)
}

function invalid(path: string, detail: string) {
  return problem('parameter-invalid', { path, detail })
}

/** The conditions of an area as SQL. */
export function areaConditions(area: Area, fields: CoordinateFields, bind: Bind): readonly string[] {
  const point = pointSql(fields)
  const isIn = (boxes: readonly Box[]) => {
    const found = boxes.map(({ west, south, east, north }) => {
      return `${point} <@ ${bind(`(${east},${north}),(${west},${south})`, (text) => `${text}::box`)}`
    })
    return found.length === 1 ? (found[0] ?? '') : `(${found.join(' OR ')})`
  }
  const { box, circle } = area
  return [
    ...(box === undefined ? [] : [isIn(planarBoxes(box))]),
    // The index finds what is in the box around the circle; the distance decides.
    ...(circle === undefined ? [] : [isIn(boxesAround(circle)), isWithin(circle, fields, bind)]),
  ]
}

/** A box as one or two that don't cross the 180th meridian. */
function planarBoxes(box: Box): readonly Box[] {
  if (box.west <= box.east) return [box]
  return [
    { ...box, east: 180 },
    { ...box, west: -180 },
  ]
}

/** Boxes that contain a circle, somewhat larger than needed, so that rounding excludes nothing. */
function boxesAround({ latitude, longitude, within }: Circle): readonly Box[] {
  const angle = (within / earthRadius) * 1.000_001
  const span = (angle * 180) / Math.PI
  const [south, north] = [Math.max(-90, latitude - span), Math.min(90, latitude + span)]
  // A circle that contains a pole meets all meridians.
  if (Math.abs(latitude) + span >= 90) return [{ west: -180, south, east: 180, north }]
  const width = (Math.asin(Math.sin(angle) / Math.cos((latitude * Math.PI) / 180)) * 180) / Math.PI
  const [west, east] = [longitude - width * 1.000_001, longitude + width * 1.000_001]
  if (west < -180) return planarBoxes({ west: west + 360, south, east, north })
  if (east > 180) return planarBoxes({ west, south, east: east - 360, north })
  return [{ west, south, east, north }]
}

/** The haversine formula, as `distanceOf` computes it. */
function isWithin({ latitude, longitude, within }: Circle, fields: CoordinateFields, bind: Bind): string {
  const number = (value: number) => bind(String(value), (text) => `${text}::double precision`)
  const half = (field: Field, value: string) => `power(sin(radians(${degreesSql(field)} - ${value}) / 2), 2)`
  const [lat, lon, metres] = [number(latitude), number(longitude), number(within)]
  const haversine =
    `${half(fields.latitude, lat)} + cos(radians(${lat})) * cos(radians(${degreesSql(fields.latitude)})) * ` +
    half(fields.longitude, lon)
  return `${2 * earthRadius} * asin(least(1, sqrt(${haversine}))) <= ${metres}`
}
