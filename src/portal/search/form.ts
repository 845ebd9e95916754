/**
 * The search form, which works without JavaScript. It sends the query, the language and the chosen filters.
 */

import { questionLengthMax } from '../../catalogue/index.ts'
import type { Language } from '../../platform/language.ts'
import { type Html, html } from '../html.ts'

/** Renders the form with `question` in the box; `chosen` are the filters to keep. */
export function searchForm(
  language: Language,
  question = '',
  chosen: readonly (readonly [name: string, value: string])[] = [],
): Html {
  const text = texts[language]
  // An access key instead of a keyboard script, which the content security policy of pages forbids.
  return html`<form class="search" role="search" action="/" method="get">
<label class="unseen" for="q">${text.label}</label>
<input type="search" id="q" name="q" value="${question}" placeholder="${text.example}" maxlength="${questionLengthMax}" accesskey="/" autocomplete="off" enterkeyhint="search">
<input type="hidden" name="lang" value="${language}">
${chosen.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button type="submit">${text.submit}</button>
</form>`
}

const texts = {
  zh: { label: '搜索数据集', example: '输入标题、字段或代码，如“体质”“篮球”', submit: '搜索' },
  en: { label: 'Search datasets', example: 'Title, field or code, such as “fitness”', submit: 'Search' },
} as const
