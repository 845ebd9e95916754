/**
 * `ascending`: the values of the fields never decrease in the given order (p10, p50, p90), or always increase if `strict`, such
 * as the ends of a session. Nulls pass.
 */
import { type Check, fieldNames, namesOf, parametersSchema, positionOf, titlesOf } from './check.ts'
import { compareValues } from './decimal.ts'

export const ascending: Check = {
  name: 'ascending',
  about: { zh: '各字段的值依次不减', en: 'The values of the fields never decrease in the given order' },
  parameters: parametersSchema({ fields: fieldNames(2), strict: { type: 'boolean' } }, ['strict']),
  fields: (use) => namesOf(use, 'fields'),
  build: (use, context) => {
    const names = namesOf(use, 'fields')
    const isStrict = use['strict'] === true
    const positions = names.map((name) => positionOf(context, name))
    const titles = titlesOf(context, names)
    const faults = names.map((field) => ({
      field,
      expected: isStrict
        ? { zh: `依次递增：${titles.zh}`, en: `increasing: ${titles.en}` }
        : { zh: `依次不减：${titles.zh}`, en: `not decreasing: ${titles.en}` },
      message: isStrict ? notBeyond : below,
    }))
    return (values) => {
      let former: string | null = null
      for (const [n, position] of positions.entries()) {
        const value = values[position] ?? null
        if (value === null) continue
        if (former !== null) {
          const order = compareValues(context.fields[position]?.type, former, value)
          if (order > 0 || (isStrict && order === 0)) return faults[n]
        }
        former = value
      }
      return undefined
    }
  },
}

const below = {
  zh: '该值小于排在前面的字段的值，请核对这几列。',
  en: 'The value is below one that must not exceed it; compare these columns.',
}

const notBeyond = {
  zh: '该值不大于排在前面的字段的值，请核对这几列。',
  en: 'The value does not exceed the one before it; compare these columns.',
}
