/**
 * `fixed-length`: the texts of a field have one of the given lengths, in characters. Catches leading zeros that a
 * spreadsheet dropped from codes (`7` for `007`). An empty field passes.
 */
import { type Check, fieldName, nameOf, parametersSchema, positionOf } from './check.ts'

export const fixedLength: Check = {
  name: 'fixed-length',
  about: { zh: '文本长度固定', en: 'The texts of a field have one of the given lengths' },
  parameters: parametersSchema({
    field: fieldName,
    lengths: { type: 'array', items: { type: 'integer', minimum: 1, maximum: 1000 }, minItems: 1 },
  }),
  fields: (use) => [nameOf(use, 'field')],
  build: (use, context) => {
    const field = nameOf(use, 'field')
    const position = positionOf(context, field)
    const lengths: readonly unknown[] = Array.isArray(use['lengths']) ? use['lengths'] : []
    const [zh, en] = [lengths.join(' 或 '), lengths.join(' or ')]
    const fault = {
      field,
      expected: { zh: `${zh} 个字符`, en: en === '1' ? '1 character' : `${en} characters` },
      message: {
        zh: '长度不符；如开头的 0 已丢失，请把该列设为文本格式后重填。',
        en: 'The length is wrong; if leading zeros were lost, format the column as text and enter the code again.',
      },
    }
    return (values) => {
      const value = values[position] ?? null
      return value === null || lengths.includes([...value].length) ? undefined : fault
    }
  },
}
