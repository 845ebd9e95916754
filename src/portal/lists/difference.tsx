/** What changed from the list of the year before: items added, dropped and changed, with the reasons given. */
import type { compareLists } from '../../annual-lists/index.ts'
import { number } from '../components/words.tsx'
import type { Html } from '../html.tsx'
import type { View } from '../view.ts'

type Compared = Awaited<ReturnType<typeof compareLists>>[number]
type DifferentItem = Compared['difference']['added'][number]

export interface Difference {
  /** The year before. */
  readonly before: string
  readonly difference: Compared['difference']
}

interface DifferenceParts {
  readonly year: string
  readonly difference: Difference
  readonly view: View
}

export function DifferenceSection({ year, difference: { before, difference }, view }: DifferenceParts): Html {
  const text = texts[view.language]
  const { added, dropped, changed, unchanged } = difference
  const groups = [
    [text.added, added],
    [text.dropped, dropped],
    [text.changed, changed],
  ] as const
  return (
    <section aria-labelledby="difference">
      <h2 id="difference">{text.title(before)}</h2>
      <p>
        {text.counts(number(added.length), number(dropped.length), number(changed.length), number(unchanged))}
      </p>
      {groups.map(
        ([name, items]) =>
          items.length > 0 && (
            <details key={name}>
              <summary>
                {name}
                {text.count(number(items.length))}
              </summary>
              <ul>
                {items.map((item) => (
                  <li key={`${item.promised.values.number} ${item.promised.values.name}`}>
                    <Item item={item} view={view} />
                  </li>
                ))}
              </ul>
            </details>
          ),
      )}
      <p class="links">
        <a href={`/v1/lists/${year}/diff.csv?against=${before}&variant=excel&lang=${view.language}`}>CSV</a>
        <a href={`/v1/lists/${year}/diff?against=${before}`}>JSON</a>
      </p>
    </section>
  )
}

function Item({ item, view }: { readonly item: DifferentItem; readonly view: View }): Html {
  const text = texts[view.language]
  const reasons = item.causes.flatMap(({ version }) => (version.reason === null ? [] : [version.reason]))
  return (
    <>
      {item.promised.values.name}
      {item.changes.map(({ property, from, to }) => (
        <div key={property} class="faint">
          {text.properties[property]}
          {text.colon}
          {from ?? '—'} → {to ?? '—'}
        </div>
      ))}
      {reasons.length > 0 && (
        <div class="faint">
          {text.reason}
          {reasons.join(' ')}
        </div>
      )}
    </>
  )
}

const texts = {
  zh: {
    title: (before: string) => `与 ${before} 年相比`,
    counts: (added: string, dropped: string, changed: string, same: string) =>
      `新增 ${added} 项，取消 ${dropped} 项，调整 ${changed} 项，未变 ${same} 项。`,
    added: '新增',
    dropped: '取消',
    changed: '调整',
    count: (count: string) => `（${count} 项）`,
    reason: '原因：',
    colon: '：',
    properties: {
      ...{ number: '编号', name: '名称', providers: '提供部门', description: '描述', content: '内容' },
      ...{ theme: '领域', due: '应开放日期', updateFrequency: '更新频率', shareClass: '共享属性' },
      ...{ openClass: '开放属性', shareMethods: '共享方式', dataset: '数据集', edition: '期次' },
    },
  },
  en: {
    title: (before: string) => `Compared with ${before}`,
    counts: (added: string, dropped: string, changed: string, same: string) =>
      `Added ${added}, dropped ${dropped}, changed ${changed}, the same ${same}.`,
    added: 'Added',
    dropped: 'Dropped',
    changed: 'Changed',
    count: (count: string) => ` (${count})`,
    reason: 'Reason: ',
    colon: ': ',
    properties: {
      ...{ number: 'Number', name: 'Name', providers: 'Departments', description: 'Description' },
      ...{ content: 'Content', theme: 'Theme', due: 'Due day', updateFrequency: 'Update frequency' },
      ...{ shareClass: 'Sharing', openClass: 'Openness', shareMethods: 'Ways of sharing' },
      ...{ dataset: 'Dataset', edition: 'Edition' },
    },
  },
} as const
