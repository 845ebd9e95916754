/**
 * `required-when`: a field needs a value if another has one; with `values`, if the other has one of these.
 */
import { type Check, fieldName, nameOf, parametersSchema, positionOf, titlesOf } from './check.ts'

export const requiredWhen: Check = {
  name: 'required-when',
  about: { zh: '另一字段有值时，该字段必填', en: 'A field must have a value where another has one' },
  parameters: parametersSchema(
    { field: fieldName, when: fieldName, values: { type: 'array', items: { type: 'string' }, minItems: 1 } },
    ['values'],
  ),
  fields: (use) => [nameOf(use, 'field'), nameOf(use, 'when')],
  build: (use, context) => {
    const field = nameOf(use, 'field')
    const position = positionOf(context, field)
    const when = positionOf(context, nameOf(use, 'when'))
    const values: readonly unknown[] | undefined = Array.isArray(use['values']) ? use['values'] : undefined
    const titles = titlesOf(context, [nameOf(use, 'when')])
    const among = values === undefined ? '' : ` (${values.join(', ')})`
    const fault = {
      field,
      expected: {
        zh: `必填，因为有值：${titles.zh}${among}`,
        en: `a value, since there is ${titles.en}${among}`,
      },
      message: { zh: '此处不能为空，请补填。', en: 'A value is required here; fill it in.' },
    }
    return (row) => {
      const reason = row[when] ?? null
      if (reason === null || (values !== undefined && !values.includes(reason))) return undefined
      return (row[position] ?? null) === null ? fault : undefined
    }
  },
}
