/** The fields of a contract: title, meaning, unit, and the codes of each code list. */

import { type Contracts, codesOf, type Field } from '../../contract/index.ts'
import { Scroll } from '../components/scroll.tsx'
import { Marked, unitText } from '../components/words.tsx'
import type { Html } from '../html.tsx'
import { inView, type View } from '../view.ts'

/** Codes that are listed on the page; longer lists are in the contract. */
const codesMax = 200

interface FieldsParts {
  readonly contracts: Contracts
  readonly fields: readonly Field[]
  readonly view: View
}

export function FieldsTable({ contracts, fields, view }: FieldsParts): Html {
  const text = texts[view.language]
  return (
    <Scroll labelledBy="fields">
      <table>
        <thead>
          <tr>
            <th scope="col">{text.title}</th>
            <th scope="col">{text.name}</th>
            <th scope="col">{text.type}</th>
            <th scope="col">{text.about}</th>
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => (
            <tr key={field.name} id={`field-${field.name}`}>
              <th scope="row">
                {inView(view, field.title)}
                {field.unit !== undefined && (
                  <span class="count"> ({unitText(field.unit, view.language)})</span>
                )}
              </th>
              <td class="nowrap">
                <code>{field.name}</code>
              </td>
              <td class="nowrap">{text.types[field.type]}</td>
              <td class="text">
                <Marked text={inView(view, field.description)} />
                <Codes contracts={contracts} field={field} view={view} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

function Codes({ contracts, field, view }: Omit<FieldsParts, 'fields'> & { readonly field: Field }) {
  const text = texts[view.language]
  const codes = codesOf(contracts, field)
  if (codes === undefined) return undefined
  return (
    <details>
      <summary>
        {text.codes(codes.length)}
        <span class="unseen"> {inView(view, field.title)}</span>
      </summary>
      <ul>
        {codes.slice(0, codesMax).map(({ code, label }) => (
          <li key={code}>
            <code>{code}</code> {inView(view, label)}
          </li>
        ))}
      </ul>
    </details>
  )
}

const texts = {
  zh: {
    title: '字段',
    name: '字段名',
    type: '类型',
    about: '说明',
    codes: (count: number) => `代码（${count} 个）`,
    types: {
      ...{ string: '文本', integer: '整数', number: '小数', boolean: '是/否', date: '日期' },
      ...{ time: '时刻', datetime: '时间', list: '多值' },
    },
  },
  en: {
    title: 'Field',
    name: 'Name',
    type: 'Type',
    about: 'Meaning',
    codes: (count: number) => `${count} codes`,
    types: {
      ...{ string: 'text', integer: 'whole number', number: 'number', boolean: 'yes/no', date: 'day' },
      ...{ time: 'time', datetime: 'instant', list: 'list' },
    },
  },
} as const
