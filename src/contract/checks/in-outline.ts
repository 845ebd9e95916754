/**
 * `in-outline`: a point lies in the outline of the code in another field, such as its district. Outlines may be coarse and
 * overlap. Tells a point in another outline from one in none, such as in the sea. Nulls pass.
 */
import { type Check, fieldName, nameOf, parametersSchema, positionOf } from './check.ts'

type Corner = readonly [longitude: number, latitude: number]
type Outlines = Readonly<Record<string, readonly Corner[]>>

export const inOutline: Check = {
  name: 'in-outline',
  about: {
    zh: '点位于另一字段代码所对应的轮廓内',
    en: 'A point lies in the outline of the code in another field',
  },
  parameters: parametersSchema({
    longitude: fieldName,
    latitude: fieldName,
    field: fieldName,
    outlines: {
      type: 'object',
      minProperties: 1,
      additionalProperties: {
        type: 'array',
        minItems: 3,
        maxItems: 200,
        items: {
          type: 'array',
          minItems: 2,
          maxItems: 2,
          items: { type: 'number', minimum: -180, maximum: 180 },
        },
      },
    },
  }),
  fields: (use) => [nameOf(use, 'longitude'), nameOf(use, 'latitude'), nameOf(use, 'field')],
  build: (use, context) => {
    const outlines = use['outlines'] as Outlines
    const field = nameOf(use, 'longitude')
    const [x, y, z] = [field, nameOf(use, 'latitude'), nameOf(use, 'field')].map((name) =>
      positionOf(context, name),
    ) as [number, number, number]
    return (values) => {
      const [longitude, latitude, code] = [values[x] ?? null, values[y] ?? null, values[z] ?? null]
      const own = code === null ? undefined : outlines[code]
      if (longitude === null || latitude === null || own === undefined) return undefined
      const point: Corner = [Number(longitude), Number(latitude)]
      if (isInside(point, own)) return undefined
      const others = Object.keys(outlines).filter((other) => isInside(point, outlines[other] ?? []))
      const expected = { zh: `位于 ${code}`, en: `in ${code}` }
      return { field, expected, message: others.length === 0 ? outside : elsewhere(others) }
    }
  },
}

const outside = {
  zh: '该点不在任何一个区内，可能在海上或市外；请核对经纬度。',
  en: 'The point is in none of the areas, perhaps in the sea or outside the city; check its coordinates.',
}

function elsewhere(codes: readonly string[]) {
  const list = codes.join(', ')
  return {
    zh: `该点位于 ${codes.join('、')}；请核对经纬度和代码。`,
    en: `The point is in ${list}; check its coordinates and the code.`,
  }
}

/** Whether a ray from the point to the east crosses the outline an odd number of times. */
function isInside([x, y]: Corner, corners: readonly Corner[]): boolean {
  let inside = false
  let [fromX, fromY] = corners.at(-1) ?? [0, 0]
  for (const [toX, toY] of corners) {
    const crosses = fromY > y !== toY > y && x < ((toX - fromX) * (y - fromY)) / (toY - fromY) + fromX
    if (crosses) inside = !inside
    ;[fromX, fromY] = [toX, toY]
  }
  return inside
}
