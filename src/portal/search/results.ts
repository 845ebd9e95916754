/**
 * The page of search results: datasets with their matches, and facets as links that narrow the search. A pure
 * function of plain data. The query is always escaped as text.
 */

import type { FacetName, FacetValue, SearchMatch } from '../../catalogue/index.ts'
import type { Bilingual, Language } from '../../platform/language.ts'
import { number, type PortalDataset, renderDataset } from '../datasets/card.ts'
import { type Html, html, link } from '../html.ts'
import { page } from '../page.ts'
import { searchForm } from './form.ts'

export interface PortalMatch {
  readonly place: SearchMatch['place']
  readonly text: string
  readonly found: readonly string[]
  /** Title of the field, if the match is in a field. */
  readonly field?: Bilingual
  /** Label of the code, if the match is in a code. */
  readonly label?: Bilingual
}

interface PortalFacet {
  readonly name: FacetName
  readonly values: readonly FacetValue[]
}

export interface PortalResults {
  readonly question: string
  readonly total: number
  readonly results: readonly { readonly dataset: PortalDataset; readonly matches: readonly PortalMatch[] }[]
  readonly facets: readonly PortalFacet[]
  readonly readAs: readonly { readonly word: string; readonly as: readonly string[] }[]
  /** Cursor of the next page. */
  readonly next?: string
}

/** Renders the results. */
export function renderResults(found: PortalResults, language: Language): string {
  const text = texts[language]
  const { question, total, results, facets, readAs, next } = found
  const chosen = chosenOf(facets)
  const parameters = addressOf(question, chosen)
  return page(
    language,
    question === '' ? text.datasets : question,
    html`<section class="lead" aria-labelledby="found">
<h1 id="found">${question === '' ? text.datasets : html`${text.searched} <q>${question}</q>`}</h1>
${searchForm(language, question, chosen)}
<p role="status">${text.found(number(total))}</p>
${readAs.map(({ word, as }) => html`<p>${text.readAs(word, as.join(language === 'zh' ? '、' : ', '))}</p>`)}
</section>
<div class="finding">
${renderFacets(found, language)}
<section class="datasets" aria-label="${text.datasets}">
${results.map(({ dataset, matches }) => renderDataset(dataset, language, renderMatches(matches, language)))}
${total === 0 && html`<div class="nothing"><p>${text.nothing}</p><p><a href="/?lang=${language}">${text.all}</a></p></div>`}
${next !== undefined && html`<p class="links"><a rel="next" href="${href(parameters, language, ['cursor', next])}">${text.next}</a></p>`}
</section>
</div>`,
    { parameters },
  )
}

type Chosen = readonly (readonly [name: FacetName, codes: string])[]

function chosenOf(facets: readonly PortalFacet[]): Chosen {
  return facets.flatMap(({ name, values }) => {
    const codes = values.filter((value) => value.chosen).map(({ code }) => code)
    return codes.length === 0 ? [] : [[name, codes.join()] as const]
  })
}

function addressOf(question: string, chosen: Chosen): URLSearchParams {
  const parameters = new URLSearchParams(question === '' ? [] : [['q', question]])
  for (const [name, codes] of chosen) parameters.set(name, codes)
  return parameters
}

function href(
  current: URLSearchParams,
  language: Language,
  [name, value]: readonly [string, string],
): string {
  const parameters = new URLSearchParams(current)
  if (value === '') parameters.delete(name)
  else parameters.set(name, value)
  parameters.set('lang', language)
  return link(`/?${parameters}`)
}

/** Renders the facets. A facet with a single value is left out unless chosen, since it narrows nothing. */
function renderFacets({ question, facets }: PortalResults, language: Language): Html {
  const text = texts[language]
  const parameters = addressOf(question, chosenOf(facets))
  const shown = facets.filter(({ values }) => values.length > 1 || values.some(({ chosen }) => chosen))
  return html`<nav class="facets" aria-label="${text.narrow}">${shown.map(
    ({ name, values }) => html`<section aria-labelledby="facet-${name}">
<h2 id="facet-${name}">${text.facets[name]}</h2>
<ul>${values.map((value) => {
      const codes = values.filter(({ code, chosen }) => (code === value.code ? !chosen : chosen))
      const to = href(parameters, language, [name, codes.map(({ code }) => code).join()])
      const mark = value.chosen && html`<span aria-hidden="true">✓ </span>`
      const current = value.chosen && html` aria-current="true" title="${text.remove}"`
      return html`<li><a href="${to}"${current}>${mark}${value.label[language]} <small>${number(value.count)}</small></a></li>`
    })}</ul>
</section>`,
  )}</nav>`
}

function renderMatches(matches: readonly PortalMatch[], language: Language): Html {
  const text = texts[language]
  const colon = language === 'zh' ? '：' : ': '
  return html`<ul class="matches">${matches.map(({ place, field, label, text: matched, found }) => {
    const where = [text.places[place], field?.[language]].filter(
      (name) => name !== undefined && name !== matched,
    )
    const meaning = label?.[language]
    const aside =
      meaning !== undefined &&
      meaning !== matched &&
      place === 'code' &&
      html` <span class="faint">${meaning}</span>`
    return html`<li><span class="faint">${where.join(' · ')}${colon}</span>${marked(matched, found)}${aside}</li>`
  })}</ul>`
}

/** The text with the matches marked. At each position the longest match wins, so that marks don't nest. */
function marked(text: string, found: readonly string[]): readonly Html[] {
  const words = [...found].filter((word) => word !== '').sort((a, b) => b.length - a.length)
  const pieces: Html[] = []
  let rest = text
  while (rest !== '') {
    const hits = words.map((word) => ({ word, at: rest.indexOf(word) })).filter(({ at }) => at !== -1)
    const first = Math.min(...hits.map(({ at }) => at))
    const hit = hits.find(({ at }) => at === first)
    if (hit === undefined) return [...pieces, html`${rest}`]
    pieces.push(html`${rest.slice(0, hit.at)}<mark>${hit.word}</mark>`)
    rest = rest.slice(hit.at + hit.word.length)
  }
  return pieces
}

const texts = {
  zh: {
    datasets: '数据集',
    searched: '搜索',
    found: (total: string) => `找到 ${total} 个数据集。`,
    readAs: (word: string, as: string) => `未找到“${word}”，已改为搜索：${as}`,
    nothing: '未找到符合条件的数据集。请减少关键词，或取消部分筛选条件。',
    all: '查看全部数据集',
    next: '下一页',
    narrow: '筛选',
    remove: '取消此筛选',
    facets: {
      theme: '领域',
      provider: '提供部门',
      openClass: '开放属性',
      shareClass: '共享属性',
      kind: '类型',
      rhythm: '更新频率',
      format: '格式',
    },
    places: {
      title: '标题',
      slug: '标识',
      keyword: '关键词',
      theme: '领域',
      provider: '提供部门',
      field: '字段',
      description: '描述',
      code: '代码',
      'field-description': '字段说明',
    },
  },
  en: {
    datasets: 'Datasets',
    searched: 'Search for',
    found: (total: string) => `${total} ${total === '1' ? 'dataset' : 'datasets'} found.`,
    readAs: (word: string, as: string) => `No results for “${word}”; searched for ${as} instead.`,
    nothing: 'No datasets found. Use fewer words, or remove a filter.',
    all: 'All datasets',
    next: 'Next page',
    narrow: 'Filters',
    remove: 'Remove this filter',
    facets: {
      theme: 'Theme',
      provider: 'Provider',
      openClass: 'Openness',
      shareClass: 'Sharing',
      kind: 'Kind',
      rhythm: 'Update frequency',
      format: 'Format',
    },
    places: {
      title: 'Title',
      slug: 'Slug',
      keyword: 'Keyword',
      theme: 'Theme',
      provider: 'Provider',
      field: 'Field',
      description: 'Description',
      code: 'Code',
      'field-description': 'Field description',
    },
  },
} as const
