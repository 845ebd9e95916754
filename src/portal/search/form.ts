/** The search box: a plain form that works without a script. It sends a question, the language and what was chosen. */

import { questionLengthMax } from '../../catalogue/index.ts'
import type { Language } from '../../platform/language.ts'
import { type Html, html } from '../html.ts'

/** The form. `question` stands in the box; `chosen` are filters that a new question keeps. */
export function searchForm(
  language: Language,
  question = '',
  chosen: readonly (readonly [name: string, value: string])[] = [],
): Html {
  const text = texts[language]
  // The access key gives the keyboard a way to the box without a script, which the policy of pages forbids in them.
  return html`<form class="search" role="search" action="/" method="get">
<label class="unseen" for="q">${text.label}</label>
<input type="search" id="q" name="q" value="${question}" placeholder="${text.example}" maxlength="${questionLengthMax}" accesskey="/" autocomplete="off" enterkeyhint="search">
<input type="hidden" name="lang" value="${language}">
${chosen.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button type="submit">${text.submit}</button>
</form>`
}

const texts = {
  zh: { label: '搜索数据集', example: '标题、字段、代码，如“体质”或“篮球”', submit: '搜索' },
  en: { label: 'Search datasets', example: 'Title, field or code, such as “fitness”', submit: 'Search' },
} as const
