/**
 * The layout of every page: head and header with the language link. Scripts are loaded only if a page names
 * them.
 */
import type { Language } from '../platform/language.ts'
import { type Html, html, jsonLd, link } from './html.ts'

const texts = {
  zh: { name: '清单', tagline: '教育数据开放清单', skip: '跳到正文', other: 'English', service: '站点导航' },
  en: {
    name: 'Qingdan',
    tagline: 'Open education data',
    skip: 'Skip to content',
    other: '中文',
    service: 'Site',
  },
} as const

interface PageOptions {
  /** Path of the page, without parameters; the home page if absent. */
  readonly address?: string
  /** Its parameters, repeated in the link to the other language. */
  readonly parameters?: URLSearchParams
  /** Additional style sheets and scripts, as paths of this service. */
  readonly styles?: readonly string[]
  readonly scripts?: readonly string[]
  /** The schema.org data of the page. */
  readonly data?: object
}

/** Renders a whole document. `title` precedes the name of the service; empty for the home page. */
export function page(language: Language, title: string, main: Html, options: PageOptions = {}): string {
  const { address = '/', parameters, styles = [], scripts = [], data } = options
  const text = texts[language]
  const other = language === 'zh' ? 'en' : 'zh'
  const full = title === '' ? '清单 Qingdan' : `${title} · 清单 Qingdan`
  const here = (of: Language) => {
    const query = new URLSearchParams(parameters)
    query.set('lang', of)
    return link(`${address}?${query}`)
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
