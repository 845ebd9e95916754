/** The items of a list as a table: department, due day, state, evidence, delay, and reasons of changes. */

import { Scroll } from '../components/scroll.tsx'
import { Columns } from '../components/table-parts.tsx'
import { Day, number, State } from '../components/words.tsx'
import type { Html } from '../html.tsx'
import { inView, joined, to, type View } from '../view.ts'
import type { ItemReason, PortalItem } from './find-list.ts'

interface ItemsTableParts {
  readonly items: readonly PortalItem[]
  readonly view: View
}

export function ItemsTable({ items, view }: ItemsTableParts): Html {
  const text = texts[view.language]
  if (items.length === 0) return <p>{text.none}</p>
  return (
    <Scroll labelledBy="items">
      <table>
        <Columns names={text.columns} />
        <tbody>
          {items.map((item) => (
            <Row key={`${item.number} ${item.name}`} item={item} view={view} />
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

function Row({ item, view }: { readonly item: PortalItem; readonly view: View }): Html {
  const text = texts[view.language]
  const { number: own, name, providers, due, firstDue, state, firstPublished, delay, evidence } = item
  return (
    <tr id={`item-${own}`}>
      <td class="number">{own}</td>
      <th scope="row" class="text">
        {name}
        <div class="faint">
          {joined(view, item.themes)}
          {item.rhythm !== undefined && ` · ${inView(view, item.rhythm)}`}
        </div>
      </th>
      <td class="text">{joined(view, providers)}</td>
      <td>
        <Day day={due} />
        {firstDue !== null && firstDue !== due && (
          <div class="faint">
            {text.first} <Day day={firstDue} />
          </div>
        )}
      </td>
      <td>
        <State state={state} language={view.language} />
      </td>
      <td class="nowrap">
        {firstPublished !== null && <Day day={firstPublished} />}
        {evidence !== undefined && (
          <div>
            <a href={to(view, evidence.path)}>
              {firstPublished === null ? text.dataset : text.evidence}
              <span class="unseen"> {name}</span>
            </a>
          </div>
        )}
      </td>
      <td class="nowrap">{delay !== undefined && delay > 0 ? text.days(number(delay)) : '—'}</td>
      <td class="text">
        {item.reasons.length === 0
          ? '—'
          : item.reasons.map((reason) => (
              <div key={`${reason.kind} ${reason.from ?? ''}`}>{reasonText(reason, view)}</div>
            ))}
      </td>
    </tr>
  )
}

function reasonText({ kind, from = '', to: moved, reason }: ItemReason, view: View): string {
  const text = texts[view.language]
  const what = kind === 'moved' ? text.moved(from, moved ?? text.noDay) : text[kind]
  return reason === null || reason === '' ? what : `${what}${text.colon}${reason}`
}

const texts = {
  zh: {
    columns: ['编号', '数据名称', '提供部门', '应开放日期', '落实情况', '发布情况', '逾期', '变更及原因'],
    none: '没有符合条件的事项。',
    first: '原定',
    dataset: '数据集',
    evidence: '查看数据',
    days: (days: string) => `${days} 天`,
    moved: (from: string, until: string) => `日期由 ${from} 改为 ${until}`,
    noDay: '未定',
    withdrawn: '已发布的数据被撤回',
    left: '移出清单',
    colon: '：',
  },
  en: {
    columns: ['No.', 'Data', 'Department', 'Due', 'State', 'Published', 'Late by', 'Changes and reasons'],
    none: 'No item matches.',
    first: 'first',
    dataset: 'Dataset',
    evidence: 'See the data',
    days: (days: string) => (days === '1' ? '1 day' : `${days} days`),
    moved: (from: string, until: string) => `Moved from ${from} to ${until}`,
    noDay: 'no day',
    withdrawn: 'Published data were withdrawn',
    left: 'Removed from the list',
    colon: ': ',
  },
} as const
