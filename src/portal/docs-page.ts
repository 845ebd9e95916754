/** The API documentation page: Swagger UI in the portal's layout. It reads only /openapi.json. */
import type { Language } from '../platform/language.ts'
import { html } from './html.ts'
import { page } from './page.ts'

const texts = {
  zh: { title: '接口文档', noScript: '本页需要启用 JavaScript。未启用时，请直接查看 ' },
  en: { title: 'API documentation', noScript: 'This page needs JavaScript. Without it, read ' },
} as const

/** Renders the page. Its scripts are served by this service. */
export function renderDocs(language: Language): string {
  const { title, noScript } = texts[language]
  const document = `/openapi.json?lang=${language}`
  const main = html`<h1 class="unseen">${title}</h1>
<div id="swagger-ui" data-document="${document}"><noscript><p>${noScript}<a href="${document}">${document}</a></p></noscript></div>`
  return page(language, title, main, {
    address: '/docs',
    styles: ['/docs/ui/static/swagger-ui.css', '/assets/docs.css'],
    scripts: ['/docs/ui/static/swagger-ui-bundle.js', '/assets/docs.js'],
  })
}
