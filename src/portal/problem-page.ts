/** The small page that a browser gets where there is nothing. It quotes nothing of what was asked. */

import type { Language } from '../platform/language.ts'
import { type ProblemCode, problems } from '../platform/problem.ts'
import { html } from './html.ts'
import { page } from './page.ts'

/** A page on one kind of problem, with the way back. */
export function renderProblem(code: ProblemCode, requestId: string, language: Language): string {
  const { status, title, titleZh } = problems[code]
  const said = language === 'zh' ? titleZh : title
  const text =
    language === 'zh'
      ? { home: '回到首页，查看全部数据', docs: '接口文档', id: '请求编号' }
      : { home: 'All that is published', docs: 'The interface and its addresses', id: 'Request' }
  return page(
    language,
    said,
    html`<section class="problem">
<p class="status">${status}</p>
<h1>${said}</h1>
<ul>
<li><a href="/?lang=${language}">${text.home}</a></li>
<li><a href="/docs">${text.docs}</a></li>
</ul>
<p class="faint">${text.id} <code>${requestId}</code></p>
</section>`,
  )
}
