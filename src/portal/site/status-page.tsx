/** The status page: whether the service answers, and how fresh each dataset is against what it promises. */

import { type AppContext, latestOfDataset, listReadable, listVersions } from '../../catalogue/index.ts'
import { labelOf } from '../../contract/index.ts'
import { anonymousCaller } from '../../platform/caller.ts'
import { dayInShanghai } from '../../platform/time.ts'
import { Scroll } from '../components/scroll.tsx'
import { Columns } from '../components/table-parts.tsx'
import { Day, daysBetween, number } from '../components/words.tsx'
import type { Html } from '../html.tsx'
import { page } from '../layout.tsx'
import { inView, to, type View } from '../view.ts'

export async function renderStatus(context: AppContext, view: View): Promise<string> {
  const text = texts[view.language]
  const versions = await listVersions(context.database)
  const rows = listReadable(context.contracts, anonymousCaller).map(({ contract }) => ({
    contract,
    latest: latestOfDataset(versions.filter(({ dataset }) => dataset === contract.dataset)),
    rhythm: labelOf(context.contracts, 'update-frequencies', contract.updateFrequency),
  }))
  return page(view, {
    title: text.title,
    alternates: [
      { href: '/ready', type: 'application/json' },
      { href: '/v1/datasets?sort=published', type: 'application/json' },
    ],
    main: (
      <>
        <h1 id="status">{text.title}</h1>
        <p role="status">{context.readiness.ready ? text.ready : text.starting}</p>
        <p class="links">
          <a href="/health">/health</a>
          <a href="/ready">/ready</a>
          <a href="/metrics">/metrics</a>
        </p>
        <h2 id="freshness">{text.freshness}</h2>
        <Scroll labelledBy="freshness">
          <table>
            <Columns names={text.columns} />
            <tbody>
              {rows.map(({ contract, latest, rhythm }) => (
                <tr key={contract.dataset}>
                  <th scope="row" class="text">
                    <a href={to(view, `/datasets/${contract.dataset}`)}>{inView(view, contract.title)}</a>
                  </th>
                  <td>{rhythm === undefined ? contract.updateFrequency : inView(view, rhythm)}</td>
                  <td class="nowrap">
                    {latest === undefined ? '—' : text.version(latest.edition, latest.number)}
                  </td>
                  <td>{latest !== undefined && <Day day={dayInShanghai(latest.publishedAt)} />}</td>
                  <td class="nowrap">{ageOf(latest?.publishedAt, view)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
        <p class="faint">{text.list}</p>
        <p>
          <a href={to(view, '/lists')}>{text.lists}</a>
        </p>
      </>
    ),
  })
}

function ageOf(publishedAt: Date | undefined, view: View): Html {
  if (publishedAt === undefined) return <>—</>
  return <>{texts[view.language].days(number(daysBetween(dayInShanghai(publishedAt), view.today)))}</>
}

const texts = {
  zh: {
    title: '运行状况',
    ready: '服务正常，可以查询和下载。',
    starting: '服务正在启动或停止。',
    freshness: '各数据集的更新情况',
    columns: ['数据集', '更新频率', '最新数据', '发布日期', '距今'],
    version: (edition: string, version: number) => `${edition} 期第 ${version} 版`,
    days: (days: string) => `${days} 天`,
    list: '是否按承诺的日期开放，见年度开放清单。',
    lists: '年度开放清单',
  },
  en: {
    title: 'Status',
    ready: 'The service is ready: data can be read and downloaded.',
    starting: 'The service is starting or stopping.',
    freshness: 'Freshness of each dataset',
    columns: ['Dataset', 'Update frequency', 'Latest data', 'Published', 'Age'],
    version: (edition: string, version: number) => `${edition}, version ${version}`,
    days: (days: string) => (days === '1' ? '1 day' : `${days} days`),
    list: 'Whether data were opened by the promised day is on the annual list.',
    lists: 'Annual list',
  },
} as const
