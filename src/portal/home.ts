/**
 * The home page: the annual lists with the state of their promises, and the datasets with download links. A
 * pure function of plain data.
 */
import type { Language } from '../platform/language.ts'
import { badge, number, type PortalDataset, renderDataset } from './datasets/card.ts'
import { type Html, html, link } from './html.ts'
import { page } from './page.ts'
import { searchForm } from './search/form.ts'

/** The states of an annual list item, in display order. */
const itemStates = ['published', 'late', 'planned', 'overdue', 'withdrawn'] as const

type ItemState = (typeof itemStates)[number]

export interface PortalList {
  readonly year: string
  /** Items by state; states without items may be absent. */
  readonly counts: Readonly<Partial<Record<ItemState, number>>>
  readonly synthetic: boolean
  /** The list as JSON. */
  readonly href: string
  /** The list as CSV, if available. */
  readonly csvHref?: string
}

export interface PortalOverview {
  /** The newest year first. */
  readonly lists: readonly PortalList[]
  readonly datasets: readonly PortalDataset[]
}

/** Renders the home page. `data` is its schema.org data. */
export function renderHome({ lists, datasets }: PortalOverview, language: Language, data?: object): string {
  const text = texts[language]
  return page(
    language,
    '',
    html`<section class="lead">
<h1>${text.heading}</h1>
<p>${text.intro}</p>
${searchForm(language)}
</section>
<section aria-labelledby="lists">
<h2 id="lists">${text.lists}</h2>
${lists.length === 0 ? html`<p class="faint">${text.noLists}</p>` : html`<div class="lists">${lists.map((list) => renderList(list, language))}</div>`}
</section>
<section aria-labelledby="datasets">
<h2 id="datasets">${text.datasets} <span class="count">${datasets.length}</span></h2>
<div class="datasets">${datasets.map((dataset) => renderDataset(dataset, language))}</div>
</section>
<section aria-labelledby="machines" class="machines">
<h2 id="machines">${text.machines}</h2>
<ul>
<li><a href="/docs">/docs</a> ${text.docs}</li>
<li><a href="/openapi.json">/openapi.json</a> ${text.openapi}</li>
<li><a href="/v1/datasets">/v1/datasets</a> ${text.all}</li>
<li><a href="/catalog.ttl">/catalog.ttl</a> ${text.dcat}</li>
<li><a href="/v1/problems">/v1/problems</a> ${text.problems}</li>
</ul>
</section>`,
    data === undefined ? {} : { data },
  )
}

function renderList(list: PortalList, language: Language): Html {
  const text = texts[language]
  const total = itemStates.reduce((sum, state) => sum + (list.counts[state] ?? 0), 0)
  return html`<article class="card list">
<h3>${list.year} ${list.synthetic && badge(language)}</h3>
<p class="total"><strong>${number(total)}</strong> ${text.items}</p>
${bar(list, total)}
<dl>${itemStates.map(
    (state) =>
      (list.counts[state] ?? 0) > 0 &&
      html`<div><dt><svg class="dot" viewBox="0 0 10 10" aria-hidden="true"><circle class="${state}" cx="5" cy="5" r="5"/></svg>${text.states[state]}</dt><dd>${number(list.counts[state] ?? 0)}</dd></div>`,
  )}</dl>
<p class="links"><a href="${link(list.href)}">JSON<span class="unseen"> ${list.year}</span></a>${list.csvHref !== undefined && html`<a href="${link(list.csvHref)}">CSV<span class="unseen"> ${list.year}</span></a>`}</p>
</article>`
}

/** A bar of the states. Hidden from screen readers, since the numbers follow as text. */
function bar(list: PortalList, total: number): Html {
  let x = 0
  const segments = itemStates.map((state) => {
    const width = total === 0 ? 0 : ((list.counts[state] ?? 0) / total) * 100
    const segment = html`<rect class="${state}" x="${x.toFixed(3)}" y="0" width="${width.toFixed(3)}" height="4"/>`
    x += width
    return width > 0 && segment
  })
  return html`<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">${segments}</svg>`
}

const texts = {
  zh: {
    heading: '数据开放承诺与兑现情况',
    intro:
      '教育主管部门每年公布数据开放清单，列明开放哪些数据、由谁提供、何时开放。您可以在此查看每项承诺的进展，并获取已开放的数据。',
    lists: '年度开放清单',
    noLists: '尚未发布年度清单。',
    items: '项',
    datasets: '数据集',
    machines: '开发者资源',
    docs: '接口文档，可在线调试',
    openapi: 'OpenAPI 接口描述文件',
    all: '全部数据集（JSON）',
    dcat: 'DCAT-AP 3 目录，另有 .jsonld 与 .rdf',
    problems: '错误代码的含义与处理办法',
    states: {
      published: '已按时开放',
      late: '逾期后开放',
      planned: '待开放',
      overdue: '逾期未开放',
      withdrawn: '已移出清单',
    },
  },
  en: {
    heading: 'Open data: promises and progress',
    intro:
      'Each year the education authority publishes a list of the data it will open, who provides them, and by when. Follow the progress of each promise here, and download the data that are open.',
    lists: 'Annual lists',
    noLists: 'No annual list has been published yet.',
    items: 'items',
    datasets: 'Datasets',
    machines: 'For developers',
    docs: 'API documentation, with requests to try',
    openapi: 'OpenAPI description',
    all: 'all datasets as JSON',
    dcat: 'the catalogue as DCAT-AP 3; also .jsonld and .rdf',
    problems: 'error codes and what to do about them',
    states: {
      published: 'open on time',
      late: 'open, but late',
      planned: 'planned',
      overdue: 'overdue',
      withdrawn: 'removed from the list',
    },
  },
} as const
