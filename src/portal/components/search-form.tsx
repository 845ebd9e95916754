/** The search form, which works without JavaScript. It sends the query, the language and the chosen filters. */

import { questionLengthMax } from '../../catalogue/index.ts'
import type { Html } from '../html.tsx'
import type { View } from '../view.ts'

interface SearchForm {
  readonly view: View
  readonly question?: string
  /** Filters to keep. */
  readonly chosen?: readonly (readonly [name: string, value: string])[]
}

export function SearchForm({ view, question = '', chosen = [] }: SearchForm): Html {
  const text = texts[view.language]
  return (
    // biome-ignore lint/a11y/useSemanticElements: <search> is not known to all screen readers yet
    <form class="search" role="search" action="/datasets" method="get">
      <label class="unseen" for="q">
        {text.label}
      </label>
      <input
        type="search"
        id="q"
        name="q"
        value={question}
        placeholder={text.example}
        maxLength={questionLengthMax}
        autoComplete="off"
        enterKeyHint="search"
      />
      <Hidden view={view} values={chosen} />
      <button type="submit">{text.submit}</button>
    </form>
  )
}

/** Hidden fields of a form: values to keep, and the language if the address names it. */
export function Hidden({
  view,
  values = [],
}: {
  readonly view: View
  readonly values?: readonly (readonly [name: string, value: string])[]
}): Html {
  return (
    <>
      {values.map(([name, value]) => (
        <input key={`${name} ${value}`} type="hidden" name={name} value={value} />
      ))}
      {view.isNamed && <input type="hidden" name="lang" value={view.language} />}
    </>
  )
}

const texts = {
  zh: { label: '搜索数据集', example: '输入标题、字段或代码，如“体质”“篮球”', submit: '搜索' },
  en: { label: 'Search datasets', example: 'Title, field or code, such as “fitness”', submit: 'Search' },
} as const
