/** The pages of a dataset, as links at the top of each. */
import { bindingOf, type Contract } from '../../contract/index.ts'
import type { Html } from '../html.tsx'
import { to, type View } from '../view.ts'

interface Tabs {
  readonly contract: Contract
  readonly current: 'about' | 'table' | 'compare' | 'versions'
  readonly view: View
}

export function DatasetTabs({ contract, current, view }: Tabs): Html {
  const text = texts[view.language]
  const path = `/datasets/${contract.dataset}`
  const tabs = [
    ['about', path],
    ['table', `${path}/table`],
    ...(bindingOf(contract, 'statistics') === undefined ? [] : [['compare', `${path}/compare`] as const]),
    ['versions', `${path}/editions`],
  ] as const
  return (
    <nav class="tabs" aria-label={text.label}>
      <ul>
        {tabs.map(([name, href]) => (
          <li key={name}>
            <a href={to(view, href)} aria-current={name === current ? 'page' : undefined}>
              {text[name]}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

const texts = {
  zh: { label: '数据集导航', about: '概况', table: '数据表', compare: '图表比较', versions: '版本历史' },
  en: { label: 'Dataset', about: 'About', table: 'Table', compare: 'Compare', versions: 'Versions' },
} as const
