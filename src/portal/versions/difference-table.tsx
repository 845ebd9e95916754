/** Differing records as a table that people can read: which record, and each value before and after. */

import type { Contract, Contracts, Field } from '../../contract/index.ts'
import type { FirstDifferences } from '../../records/index.ts'
import { Scroll } from '../components/scroll.tsx'
import { cellText, isWithheld, type RecordRow } from '../explorer/cells.tsx'
import type { Content, Html } from '../html.tsx'
import { inView, type View } from '../view.ts'

interface DifferenceParts {
  readonly differences: FirstDifferences
  readonly contract: Contract
  readonly contracts: Contracts
  readonly view: View
}

export function DifferenceTable(parts: DifferenceParts): Html {
  const { differences, contract, view } = parts
  const text = texts[view.language]
  const key = fieldsOf(contract, differences.key)
  return (
    <Scroll labelledBy="changed">
      <table>
        <thead>
          <tr>
            <th scope="col">{text.change}</th>
            {key.map((field) => (
              <th key={field.name} scope="col">
                {inView(view, field.title)}
              </th>
            ))}
            <th scope="col">{text.values}</th>
          </tr>
        </thead>
        <tbody>
          {differences.data.map((one) => (
            <tr key={JSON.stringify(one.key)}>
              <td class="nowrap">{text[one.change]}</td>
              {key.map((field) => (
                <td key={field.name}>{show(parts, field, one.key as RecordRow)}</td>
              ))}
              <td class="text">{valuesOf(parts, one)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

type OneDifference = FirstDifferences['data'][number]

/** Changed values before and after; of a new or removed record its values. */
function valuesOf(parts: DifferenceParts, { key, record, fields }: OneDifference): Content {
  const { contract, differences, view } = parts
  const named = (of: readonly string[]) => fieldsOf(contract, of)
  if (record !== undefined) {
    const row = record as RecordRow
    return named(Object.keys(row))
      .filter(({ name }) => !differences.key.includes(name) && row[name] !== null)
      .map((field) => `${inView(view, field.title)} ${show(parts, field, row)}`)
      .join(' · ')
  }
  return named(Object.keys(fields ?? {})).map((field) => {
    const { before, after } = fields?.[field.name] ?? {}
    const row = (value: unknown) => ({ ...(key as RecordRow), [field.name]: value }) as RecordRow
    return (
      <div key={field.name}>
        {inView(view, field.title)}
        {texts[view.language].colon}
        <del>{show(parts, field, row(before))}</del> → <ins>{show(parts, field, row(after))}</ins>
      </div>
    )
  })
}

function fieldsOf({ fields }: Contract, names: readonly string[]): readonly Field[] {
  return names.flatMap((name) => fields.filter((field) => field.name === name))
}

function show({ contracts, contract, view }: DifferenceParts, field: Field, row: RecordRow): string {
  if (isWithheld(contract, row, field.name)) return texts[view.language].withheld
  return cellText({ contracts, contract, view }, field, row) || '—'
}

const texts = {
  zh: {
    change: '变化',
    values: '内容',
    added: '新增',
    removed: '删除',
    changed: '修改',
    withheld: '不公布',
    colon: '：',
  },
  en: {
    change: 'Change',
    values: 'Values',
    added: 'added',
    removed: 'removed',
    changed: 'changed',
    withheld: 'withheld',
    colon: ': ',
  },
} as const
