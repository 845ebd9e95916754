/** Rows as a table with titles, units and labels. Columns that can be sorted link to that order. */

import type { Field } from '../../contract/index.ts'
import { Scroll } from '../components/scroll.tsx'
import type { Html } from '../html.tsx'
import { to, withParameters } from '../view.ts'
import { Cell, type CellContext, FieldTitle, isNumber, type RecordRow } from './cells.tsx'

interface RowsTableParts {
  readonly context: CellContext
  readonly fields: readonly Field[]
  readonly rows: readonly RecordRow[]
  /** Id of the heading that names the table. */
  readonly labelledBy: string
  /** Names of the fields by which this page can be sorted; none where its address has no order. */
  readonly sortable?: readonly string[]
  /** The current order, as in the address. */
  readonly sort?: string
}

export function RowsTable({
  context,
  fields,
  rows,
  labelledBy,
  sortable = [],
  sort = '',
}: RowsTableParts): Html {
  const { view } = context
  const text = texts[view.language]
  return (
    <Scroll labelledBy={labelledBy}>
      <table>
        <thead>
          <tr>
            {fields.map((field) => {
              const { name } = field
              const order = sort === name ? 'ascending' : sort === `-${name}` ? 'descending' : undefined
              const next = order === 'ascending' ? `-${name}` : name
              return (
                <th key={name} scope="col" class={isNumber(field) ? 'number' : undefined} aria-sort={order}>
                  {sortable.includes(name) ? (
                    <a
                      href={to(view, view.path, withParameters(view, { sort: next, cursor: undefined }))}
                      title={text.sort}
                    >
                      <FieldTitle field={field} view={view} />
                      {order !== undefined && (
                        <span aria-hidden="true"> {order === 'ascending' ? '▲' : '▼'}</span>
                      )}
                    </a>
                  ) : (
                    <FieldTitle field={field} view={view} />
                  )}
                </th>
              )
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {fields.map((field) => (
                <Cell key={field.name} context={context} field={field} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

const texts = {
  zh: { sort: '按此列排序' },
  en: { sort: 'Sort by this column' },
} as const
