/** `not-above`: a field never exceeds another. A row in which either is null passes. */
import { type Check, fieldName, nameOf, parametersSchema, positionOf, titlesOf } from './check.ts'
import { compareValues } from './decimal.ts'

export const notAbove: Check = {
  name: 'not-above',
  about: { zh: '一个字段的值不大于另一个', en: 'The value of a field never exceeds that of another' },
  parameters: parametersSchema({ field: fieldName, other: fieldName }),
  fields: (use) => [nameOf(use, 'field'), nameOf(use, 'other')],
  build: (use, context) => {
    const field = nameOf(use, 'field')
    const position = positionOf(context, field)
    const other = positionOf(context, nameOf(use, 'other'))
    const type = context.fields[position]?.type
    const titles = titlesOf(context, [nameOf(use, 'other')])
    const fault = {
      field,
      expected: { zh: `不大于：${titles.zh}`, en: `not above ${titles.en}` },
      message: {
        zh: '该值大于它不应超过的那一列的值，请核对。',
        en: 'The value exceeds the one it must not exceed; correct one.',
      },
    }
    return (values) => {
      const [value, bound] = [values[position], values[other]]
      if (value == null || bound == null) return undefined
      return compareValues(type, value, bound) > 0 ? fault : undefined
    }
  },
}
