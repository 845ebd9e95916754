/** The page that a browser gets instead of a problem document. It repeats nothing of the request. */

import type { Language } from '../platform/language.ts'
import { type ProblemCode, problems } from '../platform/problem.ts'
import { html } from './html.ts'
import { page } from './page.ts'

/** Renders the page of a problem, with links to the home page and the documentation. */
export function renderProblem(code: ProblemCode, requestId: string, language: Language): string {
  const { status, title, titleZh } = problems[code]
  const heading = language === 'zh' ? titleZh : title
  const text =
    language === 'zh'
      ? { home: '返回首页，浏览全部数据', docs: '接口文档', id: '请求编号' }
      : { home: 'Back to all datasets', docs: 'API documentation', id: 'Request' }
  return page(
    language,
    heading,
    html`<section class="problem">
<p class="status">${status}</p>
<h1>${heading}</h1>
<ul>
<li><a href="/?lang=${language}">${text.home}</a></li>
<li><a href="/docs">${text.docs}</a></li>
</ul>
<p class="faint">${text.id} <code>${requestId}</code></p>
</section>`,
  )
}
