/** Cells of records as people read them: labels in place of codes, digits as published, withheld values as such. */
import {
  type Contract,
  type Contracts,
  type Field,
  freeStatus,
  labelText,
  listSeparator,
  statusField,
  withheldFields,
} from '../../contract/index.ts'
import { decimals, unitText } from '../components/words.tsx'
import { type Content, type Html, link } from '../html.tsx'
import { inView, joined, type View } from '../view.ts'

export type CellValue = string | number | boolean | null | readonly string[]
export type RecordRow = Readonly<Record<string, CellValue>>

export interface CellContext {
  readonly contracts: Contracts
  readonly contract: Contract
  readonly view: View
}

/** Whether values of a row are withheld by disclosure control. */
export function isWithheld(contract: Contract, row: RecordRow, field: string): boolean {
  const status = statusField(contract)
  if (status === undefined || row[field] !== null || !withheldFields(contract).includes(field)) return false
  return row[status] !== freeStatus && row[status] !== null
}

/** A value as text; empty where there is none. */
export function cellText({ contracts, view }: CellContext, field: Field, row: RecordRow): string {
  const value = row[field.name]
  if (value === null || value === undefined) return ''
  if (typeof value === 'boolean') return texts[view.language].flags[value ? 1 : 0]
  if (typeof value === 'number') return numberText(field, value)
  const text = typeof value === 'string' ? value : value.join(listSeparator)
  if (field.codes === undefined) return typeof value === 'string' ? value : joined(view, value)
  const under = field.codesBy === undefined ? undefined : row[field.codesBy]
  const label = inView(view, labelText(contracts, field, text, typeof under === 'string' ? under : undefined))
  return joined(view, label.split(listSeparator))
}

/** A number with the digits of its field, and separators where it counts something. */
export function numberText(field: Field, value: number): string {
  if (field.type === 'integer' && field.role !== 'count' && field.role !== 'measure') return String(value)
  const digits = field.scale ?? 0
  return decimals(value, digits, field.type === 'integer' ? 0 : Math.max(digits, 6))
}

export const isNumber = ({ type, codes }: Field) =>
  (type === 'integer' || type === 'number') && codes === undefined

interface CellParts {
  readonly context: CellContext
  readonly field: Field
  readonly row: RecordRow
}

/** A cell of a table. */
export function Cell({ context, field, row }: CellParts): Html {
  const text = texts[context.view.language]
  if (isWithheld(context.contract, row, field.name)) {
    return (
      <td class={isNumber(field) ? 'number withheld' : 'withheld'} title={text.withheldMeans}>
        {text.withheld}
      </td>
    )
  }
  const content = cellText(context, field, row)
  return <td class={isNumber(field) ? 'number' : widthOf(content)}>{withLinks(content)}</td>
}

/** Short texts stay on one line, long ones get room. A Chinese character is twice as wide as a letter. */
function widthOf(text: string): string | undefined {
  const width = [...text].reduce((sum, character) => sum + (character > '\u2e7f' ? 2 : 1), 0)
  return width > 40 ? 'text' : width > 26 ? undefined : 'nowrap'
}

/** An address as a link; any other text unchanged. */
function withLinks(text: string): Content {
  const href = /^https?:\/\/\S+$/i.test(text) ? link(text) : '#'
  return href === '#' ? text : <a href={href}>{text}</a>
}

/** The title of a field with its unit. */
export function FieldTitle({ field, view }: { readonly field: Field; readonly view: View }): Html {
  return (
    <>
      {inView(view, field.title)}
      {field.unit !== undefined && <span class="count"> ({unitText(field.unit, view.language)})</span>}
    </>
  )
}

const texts = {
  zh: {
    flags: ['否', '是'],
    withheld: '不公布',
    withheldMeans: '人数过少或为保护他人数据，该值不予公布；不等于零',
  },
  en: {
    flags: ['no', 'yes'],
    withheld: 'withheld',
    withheldMeans:
      'Not published because few persons are concerned, or to protect another value; it is not zero',
  },
} as const
