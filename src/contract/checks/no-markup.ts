/** `no-markup`: a text contains no HTML tags, comments or character references, which a web page left in it. Nulls pass. */
import { type Check, fieldNames, namesOf, parametersSchema, positionOf } from './check.ts'

export const noMarkup: Check = {
  name: 'no-markup',
  about: { zh: '文本中没有 HTML 标记', en: 'A text contains no HTML' },
  parameters: parametersSchema({ fields: fieldNames(1) }),
  fields: (use) => namesOf(use, 'fields'),
  build: (use, context) => {
    const fields = namesOf(use, 'fields').map((field) => ({ field, position: positionOf(context, field) }))
    return (values) => {
      const found = fields.find(({ position }) => markup.test(values[position] ?? ''))
      if (found === undefined) return undefined
      return { field: found.field, expected: { zh: '纯文本', en: 'plain text' }, message }
    }
  },
}

/** A tag or comment, or a reference such as `&nbsp;` or `&#160;`. `a < b` and `A&B` are no markup. */
const markup = /<(?:\/?[a-z][^<>]*>|!--)|&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z]{2,10});/i

const message = {
  zh: '单元格中有 HTML 标记，可能是从网页复制的；请只保留文字。',
  en: 'The cell contains HTML, perhaps copied from a web page; keep the text alone.',
}
