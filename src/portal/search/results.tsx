/**
 * The page of the catalogue and of search results: datasets with their matches, and facets as links that narrow the
 * search. A pure function of plain data.
 */

import type { FacetName, FacetValue, SearchMatch } from '../../catalogue/index.ts'
import type { Bilingual } from '../../platform/language.ts'
import { SearchForm } from '../components/search-form.tsx'
import { number } from '../components/words.tsx'
import { DatasetCard, type PortalDataset } from '../datasets/card.tsx'
import type { Content, Html } from '../html.tsx'
import { page } from '../layout.tsx'
import { joined, to, type View } from '../view.ts'

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
export function renderResults(found: PortalResults, view: View): string {
  const text = texts[view.language]
  const { question, total, results, facets, readAs, next } = found
  const chosen = chosenOf(facets)
  const parameters = addressOf(question, chosen)
  const query = parameters.toString()
  return page(view, {
    title: question === '' ? text.datasets : question,
    alternates: [{ href: `/v1/datasets${query === '' ? '' : `?${query}`}`, type: 'application/json' }],
    main: (
      <>
        <section class="lead" aria-labelledby="found">
          <h1 id="found">
            {question === '' ? (
              text.datasets
            ) : (
              <>
                {text.searched} <q>{question}</q>
              </>
            )}
          </h1>
          <SearchForm view={view} question={question} chosen={chosen} />
          <p role="status">{text.found(number(total))}</p>
          {readAs.map(({ word, as }) => (
            <p key={word}>{text.readAs(word, joined(view, as))}</p>
          ))}
        </section>
        <div class="finding">
          <Facets found={found} view={view} />
          <section aria-label={text.datasets}>
            <div class="cards">
              {results.map(({ dataset, matches }) => (
                <DatasetCard key={dataset.slug} dataset={dataset} view={view}>
                  {matches.length > 0 && <Matches matches={matches} view={view} />}
                </DatasetCard>
              ))}
            </div>
            {total === 0 && (
              <p>
                {text.nothing} <a href={to(view, '/datasets')}>{text.all}</a>
              </p>
            )}
            {next !== undefined && (
              <p class="pages">
                <a rel="next" href={hrefOf(view, parameters, ['cursor', next])}>
                  {text.next}
                </a>
              </p>
            )}
          </section>
        </div>
      </>
    ),
  })
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

function hrefOf(view: View, current: URLSearchParams, [name, value]: readonly [string, string]): string {
  const parameters = new URLSearchParams(current)
  if (value === '') parameters.delete(name)
  else parameters.set(name, value)
  return to(view, '/datasets', parameters)
}

/** The facets. One with a single value is left out unless chosen, since it narrows nothing. */
function Facets({ found, view }: { readonly found: PortalResults; readonly view: View }): Html {
  const { question, facets } = found
  const text = texts[view.language]
  const parameters = addressOf(question, chosenOf(facets))
  const shown = facets.filter(({ values }) => values.length > 1 || values.some(({ chosen }) => chosen))
  return (
    <nav class="facets" aria-label={text.narrow}>
      {shown.map(({ name, values }) => (
        <section key={name} aria-labelledby={`facet-${name}`}>
          <h2 id={`facet-${name}`}>{text.facets[name]}</h2>
          <ul>
            {values.map((value) => {
              const codes = values.filter(({ code, chosen }) => (code === value.code ? !chosen : chosen))
              const href = hrefOf(view, parameters, [name, codes.map(({ code }) => code).join()])
              return (
                <li key={value.code}>
                  <a
                    href={href}
                    aria-current={value.chosen ? 'true' : undefined}
                    title={value.chosen ? text.remove : undefined}
                  >
                    {value.chosen && <span aria-hidden="true">✓ </span>}
                    {value.label[view.language]} <small class="count">{number(value.count)}</small>
                  </a>
                </li>
              )
            })}
          </ul>
        </section>
      ))}
    </nav>
  )
}

function Matches({ matches, view }: { readonly matches: readonly PortalMatch[]; readonly view: View }): Html {
  const { language } = view
  const text = texts[language]
  return (
    <ul class="matches">
      {matches.map(({ place, field, label, text: matched, found }) => {
        const where = [text.places[place], field?.[language]].filter(
          (name) => name !== undefined && name !== matched,
        )
        const meaning = label?.[language]
        return (
          <li key={`${place} ${matched}`}>
            <span class="faint">
              {where.join(' · ')}
              {language === 'zh' ? '：' : ': '}
            </span>
            {marked(matched, found)}
            {meaning !== undefined && meaning !== matched && place === 'code' && (
              <span class="faint"> {meaning}</span>
            )}
          </li>
        )
      })}
    </ul>
  )
}

/** The text with the matches marked. At each position the longest match wins, so that marks don't nest. */
function marked(text: string, found: readonly string[]): Content {
  const words = [...found].filter((word) => word !== '').sort((a, b) => b.length - a.length)
  const pieces: Content[] = []
  let rest = text
  while (rest !== '') {
    const hits = words.map((word) => ({ word, at: rest.indexOf(word) })).filter(({ at }) => at !== -1)
    const first = Math.min(...hits.map(({ at }) => at))
    const hit = hits.find(({ at }) => at === first)
    if (hit === undefined) return [...pieces, rest]
    pieces.push(rest.slice(0, hit.at), <mark>{hit.word}</mark>)
    rest = rest.slice(hit.at + hit.word.length)
  }
  return pieces
}

const texts = {
  zh: {
    datasets: '数据目录',
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
