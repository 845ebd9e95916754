/**
 * `total`: the parts add up to the total, exactly. A row in which the total or a part is null passes,
 * because the sum is unknown.
 */
import {
  type Check,
  fieldName,
  fieldNames,
  nameOf,
  namesOf,
  parametersSchema,
  positionOf,
  titlesOf,
} from './check.ts'
import { compareDecimals, decimalOf, sumOf } from './decimal.ts'

export const total: Check = {
  name: 'total',
  about: { zh: '各分项之和等于合计', en: 'The parts add up to the total' },
  parameters: parametersSchema({ total: fieldName, parts: fieldNames(1) }),
  numeric: true,
  fields: (use) => [nameOf(use, 'total'), ...namesOf(use, 'parts')],
  build: (use, context) => {
    const field = nameOf(use, 'total')
    const names = namesOf(use, 'parts')
    const position = positionOf(context, field)
    const parts = names.map((name) => positionOf(context, name))
    const titles = titlesOf(context, names)
    const fault = {
      field,
      expected: { zh: `等于下列各列之和：${titles.zh}`, en: `the sum of ${titles.en}` },
      message: {
        zh: '合计与分项之和不符，请核对。',
        en: 'The total is not the sum of its parts; correct one.',
      },
    }
    return (values) => {
      const whole = values[position]
      if (whole === null || whole === undefined) return undefined
      const terms = []
      for (const part of parts) {
        const value = values[part]
        if (value === null || value === undefined) return undefined
        terms.push(decimalOf(value))
      }
      return compareDecimals(decimalOf(whole), sumOf(terms)) === 0 ? undefined : fault
    }
  },
}
