/** The districts of the samples: a relative size, and a rough box well inside of each, in WGS-84 degrees. */

export interface District {
  readonly code: string
  readonly name: string
  /** Approximate number of pupils, with 1 for the average district. */
  readonly size: number
  readonly west: number
  readonly south: number
  readonly east: number
  readonly north: number
}

const rows: readonly (readonly [string, string, number, number, number, number, number])[] = [
  ['310101', '黄浦区', 0.5, 121.462, 31.195, 121.5, 31.245],
  ['310104', '徐汇区', 0.9, 121.405, 31.12, 121.46, 31.21],
  ['310105', '长宁区', 0.5, 121.34, 31.19, 121.43, 31.235],
  ['310106', '静安区', 0.8, 121.425, 31.225, 121.475, 31.315],
  ['310107', '普陀区', 0.8, 121.35, 31.23, 121.44, 31.285],
  ['310109', '虹口区', 0.5, 121.465, 31.25, 121.505, 31.31],
  ['310110', '杨浦区', 0.8, 121.505, 31.26, 121.565, 31.34],
  ['310112', '闵行区', 1.8, 121.31, 31.02, 121.44, 31.13],
  ['310113', '宝山区', 1.3, 121.34, 31.31, 121.49, 31.46],
  ['310114', '嘉定区', 1.1, 121.16, 31.29, 121.33, 31.44],
  ['310115', '浦东新区', 3.6, 121.57, 30.98, 121.85, 31.25],
  ['310116', '金山区', 0.6, 121.02, 30.73, 121.35, 30.92],
  ['310117', '松江区', 1.3, 121.08, 30.98, 121.33, 31.12],
  ['310118', '青浦区', 0.8, 120.95, 31.05, 121.15, 31.18],
  ['310120', '奉贤区', 0.8, 121.38, 30.85, 121.65, 30.96],
  ['310151', '崇明区', 0.4, 121.35, 31.57, 121.75, 31.75],
]

export const districts: readonly District[] = rows.map(([code, name, size, west, south, east, north]) => ({
  code,
  name,
  size,
  west,
  south,
  east,
  north,
}))

/** A coordinate between two bounds as text, six digits after the point; `share` from 0 to 1 says where. */
export function coordinate(low: number, high: number, share: number): string {
  return (low + (high - low) * share).toFixed(6)
}
