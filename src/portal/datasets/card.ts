/** One dataset as a card: what it is, its latest edition, and where to get it. It says plainly what was made up. */
import type { Bilingual, Language } from '../../platform/language.ts'
import { type Html, html, link } from '../html.ts'

export interface PortalDataset {
  readonly slug: string
  readonly title: Bilingual
  readonly description: Bilingual
  readonly providers: readonly Bilingual[]
  /** Whether the data are made up for trying out. The page says so plainly. */
  readonly synthetic: boolean
  /** The dataset's page. */
  readonly pageHref: string
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

/** The card. `more` stands below the description, such as the reasons why it was found. */
export function renderDataset(dataset: PortalDataset, language: Language, more?: Html): Html {
  const name = dataset.title[language]
  return html`<article class="card dataset">
<h3><a href="${link(`${dataset.pageHref}?lang=${language}`)}">${name}</a> ${dataset.synthetic && badge(language)}</h3>
<p class="providers">${dataset.providers.map((provider) => provider[language]).join(language === 'zh' ? '、' : ', ')}</p>
<p>${dataset.description[language]}</p>
${more}
${renderLatest(dataset, language)}
</article>`
}

/** The latest edition in figures, and the links to what can be had of the dataset. */
export function renderLatest(dataset: PortalDataset, language: Language): Html {
  const text = texts[language]
  const { latest } = dataset
  const unseen = html`<span class="unseen"> ${dataset.title[language]}</span>`
  return html`${
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
  }<a href="${link(dataset.contractHref)}">${text.contract}${unseen}</a><a href="${link(dataset.href)}">${text.metadata}${unseen}</a></p>`
}

/** The mark of what was made up. */
export function badge(language: Language): Html {
  return html`<span class="badge" title="${texts[language].syntheticMeans}">${texts[language].synthetic}</span>`
}

/** Digits in groups of three, the same in both languages. */
export function number(value: number): string {
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
    edition: '最新一期',
    records: '记录数',
    updated: '更新日期',
    recordsLink: '记录（JSON）',
    contract: '数据契约',
    metadata: '元数据（JSON）',
    nothingYet: '尚未发布任何一期。',
    synthetic: '合成样例',
    syntheticMeans: '由程序生成，仅供试用，不是真实数据',
  },
  en: {
    edition: 'Latest edition',
    records: 'Records',
    updated: 'Updated',
    recordsLink: 'Records (JSON)',
    contract: 'Contract',
    metadata: 'Metadata (JSON)',
    nothingYet: 'No edition has been published yet.',
    synthetic: 'synthetic sample',
    syntheticMeans: 'Made by a program for trying out; not real data',
  },
} as const
