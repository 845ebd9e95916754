/**
 * The first page: the yearly lists with what became of them, and the datasets with where to get them. A pure function
 * of plain data; it knows no dataset and asks no database.
 */
import type { Bilingual, Language } from '../base/text.ts'
import { type Html, html, link } from './html.ts'
import { page } from './page.ts'

/** The states of an item of an annual list, in the order in which they are shown. */
export const itemStates = ['published', 'late', 'planned', 'overdue', 'withdrawn'] as const

export type ItemState = (typeof itemStates)[number]

export interface PortalList {
  readonly year: string
  /** Items by state; a state without items may be left out. */
  readonly counts: Readonly<Partial<Record<ItemState, number>>>
  readonly synthetic: boolean
  /** The list as JSON. */
  readonly href: string
  /** The list as CSV, where there is one. */
  readonly csvHref?: string
}

export interface PortalDataset {
  readonly slug: string
  readonly title: Bilingual
  readonly description: Bilingual
  readonly providers: readonly Bilingual[]
  /** Whether the data are made up for trying out. The page says so plainly. */
  readonly synthetic: boolean
  /** The dataset's metadata as JSON. */
  readonly href: string
  readonly contractHref: string
  /** The latest version of the latest edition; absent while none is published. */
  readonly latest?: {
    readonly edition: string
    readonly version: number
    readonly records: number
    /** Day in Asia/Shanghai, `YYYY-MM-DD`. */
    readonly updated: string
    readonly recordsHref: string
    /** Files to take away, such as the plain CSV. */
    readonly files: readonly { readonly label: string; readonly bytes: number; readonly href: string }[]
  }
}

export interface PortalOverview {
  /** The newest year first. */
  readonly lists: readonly PortalList[]
  readonly datasets: readonly PortalDataset[]
}

/** Renders the first page. */
export function renderHome({ lists, datasets }: PortalOverview, language: Language): string {
  const text = texts[language]
  return page(
    language,
    '',
    html`<section class="lead">
<h1>${text.heading}</h1>
<p>${text.intro}</p>
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
<li><a href="/v1/problems">/v1/problems</a> ${text.problems}</li>
</ul>
</section>`,
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

/** The shares as a bar. The numbers stand below as text, so that readers of the screen can do without it. */
function bar(list: PortalList, total: number): Html {
  let x = 0
  const shares = itemStates.map((state) => {
    const width = total === 0 ? 0 : ((list.counts[state] ?? 0) / total) * 100
    const share = html`<rect class="${state}" x="${x.toFixed(3)}" y="0" width="${width.toFixed(3)}" height="4"/>`
    x += width
    return width > 0 && share
  })
  return html`<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">${shares}</svg>`
}

function renderDataset(dataset: PortalDataset, language: Language): Html {
  const text = texts[language]
  const { latest } = dataset
  const name = dataset.title[language]
  const unseen = html`<span class="unseen"> ${name}</span>`
  return html`<article class="card dataset">
<h3><a href="${link(dataset.href)}">${name}</a> ${dataset.synthetic && badge(language)}</h3>
<p class="providers">${dataset.providers.map((provider) => provider[language]).join(language === 'zh' ? '、' : ', ')}</p>
<p>${dataset.description[language]}</p>
${
  latest === undefined
    ? html`<p class="faint">${text.nothingYet}</p>`
    : html`<dl class="facts">
<div><dt>${text.edition}</dt><dd>${latest.edition} <span class="faint">v${latest.version}</span></dd></div>
<div><dt>${text.records}</dt><dd>${number(latest.records)}</dd></div>
<div><dt>${text.updated}</dt><dd><time datetime="${latest.updated}">${latest.updated}</time></dd></div>
</dl>`
}
<p class="links">${
    latest !== undefined &&
    html`<a href="${link(latest.recordsHref)}">${text.recordsLink}${unseen}</a>${latest.files.map(
      ({ label, bytes, href }) =>
        html`<a href="${link(href)}">${label} <small>${size(bytes)}</small>${unseen}</a>`,
    )}`
  }<a href="${link(dataset.contractHref)}">${text.contract}${unseen}</a></p>
</article>`
}

function badge(language: Language): Html {
  return html`<span class="badge" title="${texts[language].syntheticMeans}">${texts[language].synthetic}</span>`
}

/** Digits in groups of three, the same in both languages. */
function number(value: number): string {
  return value.toLocaleString('en-US')
}

function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

const texts = {
  zh: {
    heading: '承诺开放的数据，以及它们现在何处',
    intro:
      '教育主管部门每年公布数据开放清单：哪些数据、由谁提供、何时开放。这里列出每一项承诺的进展，以及已经开放的数据本身。',
    lists: '年度开放清单',
    noLists: '尚无已发布的年度清单。',
    items: '项',
    datasets: '数据集',
    machines: '给程序与开发者',
    docs: '接口文档，可直接试用',
    openapi: '接口的机器可读描述',
    all: '全部数据集',
    problems: '每一种拒绝的含义与处理办法',
    edition: '最新一期',
    records: '记录数',
    updated: '更新日期',
    recordsLink: '记录（JSON）',
    contract: '数据契约',
    nothingYet: '尚未发布任何一期。',
    synthetic: '合成样例',
    syntheticMeans: '由程序生成，仅供试用，不是真实数据',
    states: {
      published: '已按时开放',
      late: '逾期后开放',
      planned: '计划开放',
      overdue: '逾期未开放',
      withdrawn: '已移出清单',
    },
  },
  en: {
    heading: 'Data that was promised, and where it is now',
    intro:
      'Each year the education authority publishes a list: which data it will open, who provides them, and by when. Here is what became of each promise, and the data themselves.',
    lists: 'Annual lists',
    noLists: 'No annual list has been published yet.',
    items: 'items',
    datasets: 'Datasets',
    machines: 'For programs and developers',
    docs: 'the interface, to read and to try',
    openapi: 'its description for machines',
    all: 'every dataset',
    problems: 'what each refusal means and what to do',
    edition: 'Latest edition',
    records: 'Records',
    updated: 'Updated',
    recordsLink: 'Records (JSON)',
    contract: 'Contract',
    nothingYet: 'No edition has been published yet.',
    synthetic: 'synthetic sample',
    syntheticMeans: 'Made by a program for trying out; not real data',
    states: {
      published: 'open on time',
      late: 'open, but late',
      planned: 'planned',
      overdue: 'overdue',
      withdrawn: 'left the list',
    },
  },
} as const
