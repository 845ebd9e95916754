/** The page of one dataset: description, latest files, editions and fields. A pure function of plain data. */
import type { Bilingual, Language } from '../../platform/language.ts'
import { type Html, html, link } from '../html.ts'
import { page } from '../page.ts'
import { badge, number, type PortalDataset, renderLatest } from './card.ts'

export interface PortalEdition {
  readonly edition: string
  /** The latest version; undefined if all are withdrawn. */
  readonly version?: number
  readonly records?: number
  /** Day in Asia/Shanghai of the latest publication. */
  readonly updated: string
  readonly href: string
  /** Whether its latest version is synthetic; it then has a badge. */
  readonly synthetic: boolean
}

export interface PortalDatasetPage {
  readonly dataset: PortalDataset
  readonly rhythm: Bilingual
  readonly licence: Bilingual
  readonly source: Bilingual
  /** The newest first. */
  readonly editions: readonly PortalEdition[]
  readonly fields: readonly {
    readonly name: string
    readonly title: Bilingual
    readonly description: Bilingual
    readonly unit?: string
  }[]
}

/** Renders the page. `data` is its schema.org data. */
export function renderDatasetPage(content: PortalDatasetPage, language: Language, data: object): string {
  const text = texts[language]
  const { dataset, editions, fields } = content
  const providers = dataset.providers.map((provider) => provider[language])
  const main = html`<article>
<section class="lead">
<p><a href="/?lang=${language}">${text.home}</a></p>
<h1>${dataset.title[language]} ${dataset.synthetic && badge(language)}</h1>
<p class="providers">${providers.join(language === 'zh' ? '、' : ', ')}</p>
<p>${dataset.description[language]}</p>
<dl class="facts">
<div><dt>${text.rhythm}</dt><dd>${content.rhythm[language]}</dd></div>
<div><dt>${text.licence}</dt><dd>${content.licence[language]}</dd></div>
<div><dt>${text.source}</dt><dd>${content.source[language]}</dd></div>
</dl>
${renderLatest(dataset, language)}
<p class="links">${['ttl', 'jsonld', 'rdf'].map(
    (extension) => html`<a href="${link(`${dataset.href}.${extension}`)}">DCAT .${extension}</a>`,
  )}</p>
</section>
<section aria-labelledby="editions">
<h2 id="editions">${text.editions} <span class="count">${editions.length}</span></h2>
${
  editions.length > 0 &&
  html`<div class="table"><table>
<thead><tr><th scope="col">${text.edition}</th><th scope="col">${text.version}</th><th scope="col">${text.records}</th><th scope="col">${text.updated}</th></tr></thead>
<tbody>${editions.map((edition) => renderEdition(edition, language))}</tbody>
</table></div>`
}
</section>
<section aria-labelledby="fields">
<h2 id="fields">${text.fields} <span class="count">${fields.length}</span></h2>
<div class="table"><table>
<thead><tr><th scope="col">${text.field}</th><th scope="col">${text.title}</th><th scope="col">${text.about}</th></tr></thead>
<tbody>${fields.map(
    ({ name, title, description, unit }) =>
      html`<tr><th scope="row"><code>${name}</code></th><td>${title[language]}${unit !== undefined && html` <span class="faint">${unit}</span>`}</td><td>${description[language]}</td></tr>`,
  )}</tbody>
</table></div>
</section>
</article>`
  return page(language, dataset.title[language], main, { address: dataset.pageHref, data })
}

function renderEdition(
  { edition, version, records, updated, href, synthetic }: PortalEdition,
  language: Language,
): Html {
  return html`<tr><th scope="row"><a href="${link(href)}">${edition}</a> ${synthetic && badge(language)}</th><td>${version === undefined ? texts[language].withdrawn : `v${version}`}</td><td>${records !== undefined && number(records)}</td><td><time datetime="${updated}">${updated}</time></td></tr>`
}

const texts = {
  zh: {
    home: '全部数据集',
    rhythm: '更新频率',
    licence: '使用许可',
    source: '数据来源',
    editions: '各期数据',
    edition: '期次',
    version: '版本',
    records: '记录数',
    updated: '更新日期',
    withdrawn: '已撤回',
    fields: '字段',
    field: '字段名',
    title: '中文名称',
    about: '说明',
  },
  en: {
    home: 'All datasets',
    rhythm: 'Update frequency',
    licence: 'Licence',
    source: 'Source',
    editions: 'Editions',
    edition: 'Edition',
    version: 'Version',
    records: 'Records',
    updated: 'Updated',
    withdrawn: 'withdrawn',
    fields: 'Fields',
    field: 'Field',
    title: 'Title',
    about: 'Description',
  },
} as const
