/**
 * `part-scope`: a provider delivers only its own share: each row has the values in the part's scope.
 * A part without a scope passes, and so do rows without a part.
 */
import { type Check, type CheckContext, parametersSchema, positionOf } from './check.ts'

const scopeOf = (context: CheckContext) => Object.entries(context.part?.scope ?? {})

export const partScope: Check = {
  name: 'part-scope',
  about: {
    zh: '每行属于提供方负责的范围',
    en: 'Each row is in the part that its provider is responsible for',
  },
  parameters: parametersSchema({}),
  fields: (_use, context) => scopeOf(context).map(([field]) => field),
  build: (_use, context) => {
    const scope = scopeOf(context).map(([field, value]) => ({
      value,
      position: positionOf(context, field),
      fault: {
        field,
        expected: { zh: value, en: value },
        message: {
          zh: '该行不属于本提供方负责的范围，请删除或更正。',
          en: 'The row is outside the part of this provider; remove or correct it.',
        },
      },
    }))
    return (values) => scope.find(({ position, value }) => values[position] !== value)?.fault
  },
}
