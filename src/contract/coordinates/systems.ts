/**
 * The coordinate systems of Chinese map services, converted from and to WGS-84 by gcoord. Outside China all three are the
 * same, as those services have it. gcoord is loaded at the first conversion.
 */
import type { Place } from './distance.ts'

/** GCJ-02 (Gaode, Tencent) and BD-09 (Baidu). */
export const crsNames = ['gcj02', 'bd09'] as const

export type CrsName = (typeof crsNames)[number]

/** The part of gcoord that is used. Its types don't describe its default export to Node (nodenext). */
interface Gcoord {
  readonly WGS84: string
  readonly GCJ02: string
  readonly BD09: string
  readonly transform: (position: [number, number], from: string, to: string) => [number, number]
}

export interface Conversion {
  readonly fromWgs84: (place: Place) => Place
  readonly toWgs84: (place: Place) => Place
}

/** The conversion between WGS-84 and another system. */
export async function conversionOf(name: CrsName): Promise<Conversion> {
  const { default: gcoord } = (await import('gcoord')) as unknown as { readonly default: Gcoord }
  const system = name === 'gcj02' ? gcoord.GCJ02 : gcoord.BD09
  const convert = (from: string, to: string) => (place: Place) => {
    const [longitude, latitude] = gcoord.transform([place.longitude, place.latitude], from, to)
    return { longitude, latitude }
  }
  return { fromWgs84: convert(gcoord.WGS84, system), toWgs84: convert(system, gcoord.WGS84) }
}
