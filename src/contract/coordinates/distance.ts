/** Distances on a sphere, in metres and degrees of WGS-84. */

export interface Place {
  readonly longitude: number
  readonly latitude: number
}

/** Mean radius of the Earth (IUGG) in metres. */
export const earthRadius = 6_371_008.8

/** Half of the longest way around the Earth: no two places are farther apart. */
export const distanceMax = Math.ceil(Math.PI * earthRadius)

const radians = (degrees: number) => (degrees * Math.PI) / 180

/** The distance of two places in metres, on a sphere (haversine formula): within 0.5 % of that on the ellipsoid. */
export function distanceOf(a: Place, b: Place): number {
  const [latitude, longitude] = [radians(b.latitude - a.latitude), radians(b.longitude - a.longitude)]
  const h =
    Math.sin(latitude / 2) ** 2 +
    Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.sin(longitude / 2) ** 2
  return 2 * earthRadius * Math.asin(Math.min(1, Math.sqrt(h)))
}
