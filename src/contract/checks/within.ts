/**
 * `within`: longitude and latitude are in a bounding box, bounds included. Catches swapped or mistyped
 * coordinates. A row without coordinates passes; a row with only one of the two fails.
 */
import { type Check, type CheckContext, fieldName, nameOf, parametersSchema, positionOf } from './check.ts'
import { compareDecimals, decimalOf } from './decimal.ts'

const degrees = { type: 'number', minimum: -180, maximum: 180 } as const

export const within: Check = {
  name: 'within',
  about: { zh: '经纬度位于给定范围内', en: 'Longitude and latitude are in a bounding box' },
  parameters: parametersSchema({
    longitude: fieldName,
    latitude: fieldName,
    west: degrees,
    south: degrees,
    east: degrees,
    north: degrees,
  }),
  numeric: true,
  fields: (use) => [nameOf(use, 'longitude'), nameOf(use, 'latitude')],
  build: (use, context) => {
    const inLongitude = axis(context, nameOf(use, 'longitude'), use['west'], use['east'])
    const inLatitude = axis(context, nameOf(use, 'latitude'), use['south'], use['north'])
    return (values) => {
      const longitude = values[inLongitude.position] ?? null
      const latitude = values[inLatitude.position] ?? null
      if (longitude === null && latitude === null) return undefined
      if (inLongitude.holds(latitude) && inLatitude.holds(longitude) && !inLatitude.holds(latitude))
        return { ...inLongitude.fault, message: swapped }
      if (!inLongitude.holds(longitude)) return inLongitude.fault
      return inLatitude.holds(latitude) ? undefined : inLatitude.fault
    }
  },
}

const swapped = {
  zh: '经度和纬度颠倒；请对调这两列的值。',
  en: 'Longitude and latitude are swapped; exchange the values of the two columns.',
}

function axis(context: CheckContext, field: string, low: unknown, high: unknown) {
  // JSON parses a bound to a double. Its shortest decimal text is the number in the contract.
  const [minimum, maximum] = [decimalOf(String(low)), decimalOf(String(high))]
  return {
    position: positionOf(context, field),
    holds: (text: string | null) => {
      if (text === null) return false
      const value = decimalOf(text)
      return compareDecimals(minimum, value) <= 0 && compareDecimals(value, maximum) <= 0
    },
    fault: {
      field,
      expected: { zh: `${low} 至 ${high}`, en: `from ${low} to ${high}` },
      message: {
        zh: '坐标不在范围内或不齐全；请核对经度和纬度。',
        en: 'The coordinate is outside the bounding box, or one of the two is missing; check both.',
      },
    },
  }
}
