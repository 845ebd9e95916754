/**
 * Lists and their differences as tables for files. A table has contract fields, so that every format can
 * render it.
 */

import { isSynthetic } from '../catalogue/index.ts'
import { type Contracts, type Field, kinds } from '../contract/index.ts'
import {
  formats,
  getFormat,
  guardCells,
  type RecordValues,
  repeatable,
  unwritableField,
} from '../formats/index.ts'
import type { Language } from '../platform/language.ts'
import { problem } from '../platform/problem.ts'
import type { AnnualList, ListItem } from './annual-lists.ts'
import type { Compared } from './bodies.ts'
import type { DifferentItem } from './comparison/difference.ts'
import type { ListSource } from './comparison/history.ts'
import { type Property, publicName } from './promise.ts'

export interface FileTable {
  readonly fields: readonly Field[]
  readonly rows: readonly RecordValues[]
}

/** The file formats of lists, for use in a spreadsheet. */
export const fileFormats = ['csv', 'xlsx'].filter((name) => formats.has(name))

/** Metadata of a table: its list, and all contracts for the code lists. */
export interface TableSource {
  readonly source: ListSource
  readonly contracts: Contracts
}

/** The bytes of a table in one of `fileFormats`. */
export function renderTable(
  name: string,
  { fields, rows }: FileTable,
  { source, contracts }: TableSource,
): { readonly mediaType: string; readonly bytes: AsyncIterable<Uint8Array | string> } {
  const format = getFormat(name)
  if (!('render' in format)) throw new Error(`${name} is not rendered`)
  const { contract, version } = source
  const { dataset, edition, number } = version
  const facts = { dataset, edition, number, records: rows.length, synthetic: isSynthetic(version) }
  const bytes = format.render(
    repeatable(() => once(rows)),
    { contract, contracts, fields, version: facts },
  )
  return { mediaType: format.mediaType, bytes }
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value
}

/** The table with an apostrophe before each text that a spreadsheet would read as a formula. */
export function guardTable({ fields, rows }: FileTable): FileTable {
  return { fields, rows: rows.map(guardCells(fields)) }
}

/** Throws `parameter-invalid` for a character that GB18030 can't represent. */
export function refuseUnwritable({ fields, rows }: FileTable): void {
  const field = unwritableField(fields, rows)
  if (field === undefined) return
  const detail = `GB18030 cannot encode a character in \`${field.name}\`. Use encoding=utf-8.`
  throw problem('parameter-invalid', { path: 'encoding', detail, field: field.name })
}

/** The table with field titles instead of names. */
export function withTitles({ fields, rows }: FileTable, language: Language): FileTable {
  return { fields: fields.map((field) => ({ ...field, name: field.title[language] })), rows }
}

/** A list as one table: the fields of the joined lists, each name once, then the derived columns. */
export function listTable(list: AnnualList): FileTable {
  const sources = new Set([...list.sources, ...list.items.map(({ source }) => source)])
  const all = [...sources].flatMap(({ contract }) => contract.fields)
  const fields = all.filter((field, index) => all.findIndex(({ name }) => name === field.name) === index)
  const rows = list.items.map((item) => {
    const { contract } = item.source
    const own = new Map(contract.fields.map(({ name }, index) => [name, item.promised.record[index]]))
    return [...fields.map(({ name }) => own.get(name) ?? null), ...derivedColumns.map(({ of }) => of(item))]
  })
  // If a list has a field of the same name, the derived one is renamed.
  const names = new Set(fields.map(({ name }) => name))
  const derived = derivedColumns.map(({ field }) =>
    names.has(field.name) ? { ...field, name: `derived_${field.name}` } : field,
  )
  return { fields: [...fields, ...derived], rows }
}

/** Columns that are added to a list's own fields. */
const derivedColumns: readonly { readonly field: Field; readonly of: (item: ListItem) => string | null }[] = [
  {
    field: column(
      'state',
      'string',
      '状态',
      'State',
      '依据实际发布情况推导',
      'Derived from what is published',
    ),
    of: ({ state }) => state,
  },
  {
    field: column(
      'first_published',
      'date',
      '首次发布日期',
      'First published',
      '上海时间',
      'In Asia/Shanghai',
    ),
    of: ({ firstPublished }) => firstPublished,
  },
  {
    field: column(
      'first_due',
      'date',
      '最初应开放日期',
      'First due date',
      '是否按时以此日为准',
      'Lateness is measured against this day',
    ),
    of: ({ firstDue }) => firstDue,
  },
  {
    field: column(
      'list_reason',
      'string',
      '清单调整理由',
      'Reason of the list',
      '移出清单或改期的版本所给的理由',
      'Given by the version that dropped the item or moved its date',
    ),
    of: ({ history, due }) => (history.left ?? due.moves.at(-1)?.by)?.version.reason ?? null,
  },
]

function column(
  name: string,
  type: Field['type'],
  zh: string,
  en: string,
  aboutZh: string,
  aboutEn: string,
): Field {
  return {
    name,
    type,
    role: 'attribute',
    title: { zh, en },
    description: { zh: aboutZh, en: aboutEn },
  }
}

const diffFields: readonly Field[] = [
  column('from', 'string', '原清单', 'From', '年度，或年度与版本', 'Year, or year and version'),
  column('to', 'string', '新清单', 'To', '年度，或年度与版本', 'Year, or year and version'),
  column('change', 'string', '变化', 'Change', '新增、移出或变更', 'added, dropped or changed'),
  column(
    'number',
    'string',
    '编号',
    'Number',
    '新清单中的编号；移出的为原编号',
    'In the later list; of a dropped item in the former',
  ),
  column('name', 'string', '数据项名称', 'Item', '承诺开放的数据', 'What is promised'),
  column('providers', 'list', '提供部门', 'Providers', '承诺开放的部门', 'Those who promise it'),
  column('property', 'string', '变更内容', 'Property', '变更的属性', 'What of the item changed'),
  column('before', 'string', '变更前', 'Before', '原值', 'The former value'),
  column('after', 'string', '变更后', 'After', '新值', 'The later value'),
  column(
    'reason',
    'string',
    '理由',
    'Reason',
    '清单版本给出的理由',
    'The reasons of the versions of the list',
  ),
]

/** Differences as one table: one row per item added or dropped, and one per changed property. */
export function diffTable(
  compared: readonly Compared[],
  header: 'names' | 'labels',
  lang: Language,
): FileTable {
  const rows = compared.flatMap(({ from, to, difference }) => {
    const row = (change: string, item: DifferentItem, more: RecordValues): RecordValues => [
      ...[sideText(from), sideText(to), change, item.promised.values.number, item.promised.values.name],
      item.promised.values.providers,
      ...more,
      reasonText(item),
    ]
    const property = (name: Property) =>
      header === 'labels' && lang === 'zh' ? kinds['annual-list'][name].about.zh : publicName(name)
    return [
      ...difference.added.map((item) => row('added', item, [null, null, null])),
      ...difference.dropped.map((item) => row('dropped', item, [null, null, null])),
      ...difference.changed.flatMap((item) =>
        item.changes.map((change) =>
          row('changed', item, [property(change.property), change.from, change.to]),
        ),
      ),
    ]
  })
  return { fields: diffFields, rows }
}

function sideText({ year, source }: Compared['from']): string {
  return source === undefined ? year : `${year} v${source.version.number}`
}

function reasonText({ causes }: DifferentItem): string | null {
  const reasons = causes.flatMap(({ version }) => version.reason ?? [])
  return reasons.length === 0 ? null : reasons.join(' | ')
}
