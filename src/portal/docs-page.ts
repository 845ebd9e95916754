/** The page of the API's description: our frame, and inside it Swagger UI, which reads /openapi.json and nothing else. */
import type { Language } from '../platform/language.ts'
import { html } from './html.ts'
import { page } from './page.ts'

const texts = {
  zh: { title: '接口文档', wait: '此页用脚本显示接口说明；没有脚本时，请直接阅读 ' },
  en: { title: 'Interface', wait: 'A script shows the interface here; without it, read ' },
} as const

/** The page in a language. It runs three scripts, each an asset of this service. */
export function renderDocs(language: Language): string {
  const { title, wait } = texts[language]
  const document = `/openapi.json?lang=${language}`
  const main = html`<h1 class="unseen">${title}</h1>
<div id="swagger-ui" data-document="${document}"><noscript><p>${wait}<a href="${document}">${document}</a></p></noscript></div>`
  return page(language, title, main, {
    address: '/docs',
    styles: ['/docs/ui/static/swagger-ui.css', '/assets/docs.css'],
    scripts: ['/docs/ui/static/swagger-ui-bundle.js', '/assets/docs.js'],
  })
}
