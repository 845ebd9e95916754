/**
 * `phone`: each number of a field is a Chinese telephone number as people dial it. Catches the zero that a
 * spreadsheet drops before an area code (`2161234567` for `021-61234567`). An empty field passes.
 */
import { type Check, fieldName, nameOf, parametersSchema, positionOf } from './check.ts'

/** A mobile number, a service number, a number with its area code (10, 2x or three digits), or a local one. */
const kinds: readonly RegExp[] = [
  /^1[3-9]\d{9}$/,
  /^(400|800)\d{7}$/,
  /^(1[0-2]\d{1,3}|9\d{4,5})$/,
  /^0(10|2\d|[3-9]\d{2})[2-9]\d{6,7}$/,
  /^[2-8]\d{6,7}$/,
  /^(852|853|886)\d{7,10}$/,
  /^861[3-9]\d{9}$/,
  // Of another country, behind its code.
  /^(\+|00)(?!86)[1-9]\d{6,14}$/,
]

export const phone: Check = {
  name: 'phone',
  about: {
    zh: '电话号码可以拨打，区号保留开头的 0',
    en: 'Telephone numbers can be dialled; area codes keep their leading zero',
  },
  parameters: parametersSchema({ field: fieldName }),
  fields: (use) => [nameOf(use, 'field')],
  build: (use, context) => {
    const field = nameOf(use, 'field')
    const position = positionOf(context, field)
    const fault = {
      field,
      expected: { zh: '如 021-61234567 或 13800000000', en: 'such as 021-61234567 or 13800000000' },
      message: {
        zh: '不是可以拨打的电话号码；如区号开头的 0 已丢失，请把该列设为文本格式后重填。',
        en: 'This is no number to dial; if the zero before the area code was lost, format the column as text and enter it again.',
      },
    }
    return (values) => {
      const value = values[position] ?? null
      return value === null || value.split(/[;；、,，/]|\s{2,}/).every(isPhone) ? undefined : fault
    }
  },
}

/** What is written in and beside a number: `021-6123 4567（门卫）`. */
const beside = /[\s()（）.\-－—:：\p{Script=Han}]/gu

function isPhone(text: string): boolean {
  const [first = ''] = text.trim().split(/转|分机|ext\.?|x/i)
  // An extension may follow a hyphen: 021-61234567-801.
  return [first, first.replace(/[-－—]\d{1,5}$/, '')].some((number) => {
    const digits = number.replace(beside, '')
    const own = digits.replace(/^(\+|00)86/, '')
    // Behind the code of the country the zero of an area code is left out: +86 21 6123 4567.
    const forms = own === digits ? [own] : [own, `0${own}`]
    return forms.some((form) => kinds.some((kind) => kind.test(form)))
  })
}
