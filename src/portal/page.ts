/** The frame around each page: head, header with the other language, footer. It loads one style sheet, and no script unless a page asks. */
import type { Language } from '../platform/language.ts'
import { type Html, html, jsonLd, link } from './html.ts'

const texts = {
  zh: { name: '清单', tagline: '教育数据开放清单', skip: '跳到正文', other: 'English', service: '服务' },
  en: {
    name: 'Qingdan',
    tagline: 'The list of open education data',
    skip: 'Skip to content',
    other: '中文',
    service: 'Service',
  },
} as const

export interface PageOptions {
  /** The page's own address, without parameters; the first page's where left out. */
  readonly address?: string
  /** Its parameters, which the same page in the other language keeps. */
  readonly asked?: URLSearchParams
  /** Style sheets beside the one of all pages, and scripts: addresses of this service. */
  readonly styles?: readonly string[]
  readonly scripts?: readonly string[]
  /** What the page says, for machines, in the words of schema.org. */
  readonly data?: object
}

/** A whole document. `title` stands before the name of the service; empty for the first page. */
export function page(language: Language, title: string, main: Html, options: PageOptions = {}): string {
  const { address = '/', asked, styles = [], scripts = [], data } = options
  const text = texts[language]
  const other = language === 'zh' ? 'en' : 'zh'
  const full = title === '' ? '清单 Qingdan' : `${title} · 清单 Qingdan`
  const here = (of: Language) => {
    const parameters = new URLSearchParams(asked)
    parameters.set('lang', of)
    return link(`${address}?${parameters}`)
  }
  const lang = (of: Language) => (of === 'zh' ? 'zh-CN' : 'en')
  return html`<!doctype html>
<html lang="${lang(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${full}</title>
<link rel="stylesheet" href="/assets/portal.css">
${styles.map((href) => html`<link rel="stylesheet" href="${href}">\n`)}<link rel="icon" href="/assets/logo.svg" type="image/svg+xml">
<link rel="alternate" hreflang="zh-CN" href="${here('zh')}">
<link rel="alternate" hreflang="en" href="${here('en')}">
<link rel="service-desc" href="/openapi.json" type="application/json">
<link rel="service-doc" href="/docs?lang=${language}" type="text/html">
<link rel="sitemap" href="/sitemap.xml" type="application/xml">
${data !== undefined && jsonLd(data)}</head>
<body>
<a class="skip" href="#main">${text.skip}</a>
<header class="top">
<a class="brand" href="/?lang=${language}"><img src="/assets/logo.svg" alt="" width="44" height="44">
<span><strong>清单 <span lang="en">Qingdan</span></strong><small>${text.tagline}</small></span></a>
<nav aria-label="${text.service}">
<a href="/docs?lang=${language}">API</a>
<a href="/openapi.json">OpenAPI</a>
<a href="${here(other)}" lang="${lang(other)}" hreflang="${lang(other)}">${text.other}</a>
</nav>
</header>
<main id="main">
${main}
</main>
${scripts.map((src) => html`<script src="${src}"></script>\n`)}</body>
</html>
`.text
}
