/**
 * The home page: search, the year's promise at a glance, what is new, and where to go on. A pure function of plain
 * data.
 */

import type { PortalChange } from '../changes/find-changes.ts'
import { ChangeList } from '../changes/list.tsx'
import { SearchForm } from '../components/search-form.tsx'
import {
  Badge,
  type ItemState,
  itemStates,
  number,
  percent,
  StateBar,
  stateText,
} from '../components/words.tsx'
import { DatasetCard, type PortalDataset } from '../datasets/card.tsx'
import { type Html, link } from '../html.tsx'
import { page } from '../layout.tsx'
import { inView, to, type View } from '../view.ts'

export interface PortalList {
  readonly year: string
  /** Items by state; states without items may be absent. */
  readonly counts: Readonly<Partial<Record<ItemState, number>>>
  /** Fraction of the items on the list that are open; null without items. */
  readonly completion: number | null
  /** Fraction of the items due by now that were open on time; null if none is due. */
  readonly onTime: number | null
  readonly synthetic: boolean
  /** The list as JSON. */
  readonly href: string
}

export interface PortalOverview {
  /** The newest year first. */
  readonly lists: readonly PortalList[]
  readonly datasets: readonly PortalDataset[]
  /** The newest first. */
  readonly changes: readonly PortalChange[]
}

/** Renders the home page. `data` is its schema.org data. */
export function renderHome({ lists, datasets, changes }: PortalOverview, view: View, data?: object): string {
  const text = texts[view.language]
  const [list] = lists
  return page(view, {
    title: '',
    ...(data === undefined ? {} : { data }),
    alternates: [
      { href: '/v1/datasets', type: 'application/json' },
      { href: '/catalog.ttl', type: 'text/turtle' },
    ],
    main: (
      <>
        <section class="lead">
          <h1>{text.heading}</h1>
          <p>{text.intro}</p>
          <SearchForm view={view} />
        </section>
        <section aria-labelledby="lists">
          <h2 id="lists">
            {list === undefined ? text.lists : text.listOf(list.year)}{' '}
            {list?.synthetic === true && <Badge language={view.language} />}
          </h2>
          {list === undefined ? <p class="faint">{text.noLists}</p> : <YearOf list={list} view={view} />}
          {lists.length > 1 && (
            <p class="links">
              {text.others}
              {lists.slice(1).map(({ year }) => (
                <a key={year} href={to(view, `/lists/${year}`)}>
                  {year}
                </a>
              ))}
            </p>
          )}
        </section>
        <Flagships datasets={datasets} view={view} />
        <section aria-labelledby="datasets">
          <h2 id="datasets">
            {text.datasets} <span class="count">{datasets.length}</span>
          </h2>
          <div class="cards">
            {datasets.map((dataset) => (
              <DatasetCard key={dataset.slug} dataset={dataset} view={view} />
            ))}
          </div>
        </section>
        {changes.length > 0 && (
          <section aria-labelledby="new">
            <h2 id="new">{text.news}</h2>
            <ChangeList changes={changes} view={view} />
            <p>
              <a href={to(view, '/changes')}>{text.allNews}</a>
            </p>
          </section>
        )}
      </>
    ),
  })
}

/** The counts of a year's list; each leads to its items. */
function YearOf({ list, view }: { readonly list: PortalList; readonly view: View }): Html {
  const text = texts[view.language]
  const path = `/lists/${list.year}`
  const shown = itemStates.filter((state) => state !== 'withdrawn' || (list.counts.withdrawn ?? 0) > 0)
  return (
    <>
      <ul class="figures">
        {shown.map((state) => (
          <li key={state}>
            <a class={state} href={to(view, path, { state })}>
              <strong>{number(list.counts[state] ?? 0)}</strong>
              {stateText(state, view.language)}
            </a>
          </li>
        ))}
      </ul>
      <p>
        <StateBar counts={list.counts} />
      </p>
      <p>{text.rates(percent(list.completion), percent(list.onTime))}</p>
      <p class="links">
        <a href={to(view, path)}>{text.whole}</a>
        <a href={to(view, `${path}#rates`)}>{text.whatCounts}</a>
        <a href={link(list.href)}>JSON</a>
      </p>
    </>
  )
}

/** The datasets that can be used here and now, by what their kinds allow. */
function Flagships({ datasets, view }: { readonly datasets: readonly PortalDataset[]; readonly view: View }) {
  const text = texts[view.language]
  const statistics = datasets.filter(({ kind, latest }) => kind === 'statistics' && latest !== undefined)
  const hasVenues = datasets.some(({ kind, latest }) => kind === 'venues' && latest !== undefined)
  if (statistics.length === 0 && !hasVenues) return undefined
  return (
    <section aria-labelledby="services">
      <h2 id="services">{text.services}</h2>
      <div class="cards">
        {statistics.map((dataset) => (
          <article key={dataset.slug} class="card">
            <h3>
              <a href={to(view, `/datasets/${dataset.slug}/compare`)}>
                {text.compare(inView(view, dataset.title))}
              </a>
            </h3>
            <p>{text.compareAbout}</p>
          </article>
        ))}
        {statistics.length > 0 && (
          <article class="card">
            <h3>
              <a href={to(view, '/score')}>{text.score}</a>
            </h3>
            <p>{text.scoreAbout}</p>
          </article>
        )}
        {hasVenues && (
          <article class="card">
            <h3>
              <a href={to(view, '/venues')}>{text.venues}</a>
            </h3>
            <p>{text.venuesAbout}</p>
          </article>
        )}
      </div>
    </section>
  )
}

const texts = {
  zh: {
    heading: '数据开放清单与落实情况',
    intro:
      '教育主管部门每年公布数据开放清单，列明开放哪些数据、由哪个部门提供、何时开放。您可以在此查看每一项的落实情况，查询和下载已开放的数据。',
    lists: '年度开放清单',
    listOf: (year: string) => `${year} 年开放清单`,
    noLists: '尚未发布年度清单。',
    others: '往年清单：',
    rates: (completion: string, onTime: string) => `已开放 ${completion}，按时率 ${onTime}。`,
    whole: '查看完整清单',
    whatCounts: '比率的计算口径',
    services: '便民查询',
    compare: (title: string) => `${title}：分区分年级比较`,
    compareAbout: '按区、年级、性别和年度比较各项指标，附图表、置信区间和人数。',
    score: '体质健康测试评分',
    scoreAbout: '输入成绩，按国家标准计算得分和等级。计算在浏览器中完成，不上传任何数据。',
    venues: '学校体育场地开放',
    venuesAbout: '查询此刻或指定时间开放的场地，可按项目、是否免费、室内外和距离筛选。',
    datasets: '数据集',
    news: '更新动态',
    allNews: '全部动态',
  },
  en: {
    heading: 'Open data: promises and progress',
    intro:
      'Each year the education authority publishes a list of the data it will open, who provides them, and by when. Follow the progress of each promise here, and read or download the data that are open.',
    lists: 'Annual lists',
    listOf: (year: string) => `The list of ${year}`,
    noLists: 'No annual list has been published yet.',
    others: 'Former lists:',
    rates: (completion: string, onTime: string) => `${completion} open, ${onTime} on time.`,
    whole: 'The whole list',
    whatCounts: 'What the rates count',
    services: 'Look it up',
    compare: (title: string) => `${title}: compare districts`,
    compareAbout:
      'Indicators by district, grade, sex and year, as charts and tables with confidence intervals and numbers of pupils.',
    score: 'Score a fitness test',
    scoreAbout:
      'Enter results and see points and levels by the national standard. It is computed in your browser; nothing is sent.',
    venues: 'School sports venues',
    venuesAbout: 'What is open now or at a time you choose: by activity, free, indoor, and distance.',
    datasets: 'Datasets',
    news: 'What is new',
    allNews: 'All changes',
  },
} as const
