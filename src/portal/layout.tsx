/** The layout of every page: head, header with search and languages, path to the page, footer. */
import type { Language } from '../platform/language.ts'
import { type Content, type Html, JsonLd, link, renderDocument } from './html.tsx'
import { to, type View } from './view.ts'

interface Crumb {
  readonly text: string
  readonly href: string
}

export interface PageParts {
  /** Precedes the name of the service; empty for the home page. */
  readonly title: string
  readonly main: Content
  /** One sentence for search engines. */
  readonly description?: string
  /** The pages above this one, the home page left out. */
  readonly crumbs?: readonly Crumb[]
  /** The same content for machines. */
  readonly alternates?: readonly { readonly href: string; readonly type: string }[]
  /** Additional style sheets and scripts, as paths of this service. */
  readonly styles?: readonly string[]
  readonly scripts?: readonly string[]
  /** The schema.org data of the page. */
  readonly data?: object
  /** Whether search engines should leave the page out. */
  readonly isHidden?: boolean
}

/** Renders a whole document. */
export function page(view: View, parts: PageParts): string {
  const { language } = view
  const text = texts[language]
  const { title, main, crumbs = [], scripts = [] } = parts
  return renderDocument(
    <html lang={htmlLanguage[language]}>
      <Head view={view} parts={parts} />
      <body>
        <a class="skip" href="#main">
          {text.skip}
        </a>
        <Header view={view} />
        {crumbs.length > 0 && (
          <nav class="crumbs" aria-label={text.path}>
            <ol>
              <li>
                <a href={to(view, '/')}>{text.home}</a>
              </li>
              {crumbs.map((crumb) => (
                <li key={crumb.href}>
                  <a href={crumb.href}>{crumb.text}</a>
                </li>
              ))}
              <li aria-current="page">{title}</li>
            </ol>
          </nav>
        )}
        <main id="main" tabIndex={-1}>
          {main}
        </main>
        <Footer view={view} />
        {scripts.map((src) => (
          <script key={src} src={src} defer />
        ))}
      </body>
    </html>,
  )
}

const htmlLanguage = { zh: 'zh-CN', en: 'en' } as const

function Head({ view, parts }: { readonly view: View; readonly parts: PageParts }): Html {
  const { title, description, alternates = [], styles = [], data, isHidden = false } = parts
  const name = texts[view.language].name
  return (
    <head>
      <meta charSet="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>{title === '' ? name : `${title} · ${name}`}</title>
      <meta name="description" content={description ?? texts[view.language].about} />
      {isHidden && <meta name="robots" content="noindex" />}
      <link rel="stylesheet" href="/assets/portal.css" />
      {styles.map((href) => (
        <link key={href} rel="stylesheet" href={href} />
      ))}
      <link rel="icon" href="/assets/logo.svg" type="image/svg+xml" />
      {(['zh', 'en'] as const).map((of) => (
        <link key={of} rel="alternate" hreflang={htmlLanguage[of]} href={link(inLanguage(view, of))} />
      ))}
      {alternates.map(({ href, type }) => (
        <link key={href} rel="alternate" type={type} href={link(href)} />
      ))}
      <link rel="service-desc" href="/openapi.json" type="application/json" />
      <link rel="service-doc" href={`/docs?lang=${view.language}`} type="text/html" />
      <link rel="sitemap" href="/sitemap.xml" type="application/xml" />
      {data !== undefined && <JsonLd data={data} />}
    </head>
  )
}

/** The address of this page in a language. */
function inLanguage({ path, parameters }: View, language: Language): string {
  return to({ language, isNamed: true }, path, parameters)
}

function Header({ view }: { readonly view: View }): Html {
  const { language, path } = view
  const text = texts[language]
  const other = language === 'zh' ? 'en' : 'zh'
  return (
    <header class="top">
      <div class="wide">
        <a class="brand" href={to(view, '/')}>
          <img src="/assets/logo.svg" alt="" width="40" height="40" />
          <span>
            <strong>{text.name}</strong>
            <small>{text.tagline}</small>
          </span>
        </a>
        <a
          class="language"
          href={to({ language: other, isNamed: false }, '/language', {
            to: other,
            back: inLanguage(view, other),
          })}
          lang={htmlLanguage[other]}
          hreflang={htmlLanguage[other]}
          rel="nofollow"
        >
          {text.other}
        </a>
      </div>
      <nav class="site" aria-label={text.site}>
        <ul class="wide">
          {text.pages.map(([href, name]) => (
            <li key={href}>
              <a
                href={to(view, href)}
                aria-current={path === href ? 'page' : path.startsWith(`${href}/`) ? 'true' : undefined}
              >
                {name}
              </a>
            </li>
          ))}
        </ul>
      </nav>
    </header>
  )
}

function Footer({ view }: { readonly view: View }): Html {
  const text = texts[view.language]
  return (
    <footer class="bottom">
      <div class="wide">
        <ul>
          {text.footer.map(([href, name]) => (
            <li key={href}>
              <a href={to(view, href)}>{name}</a>
            </li>
          ))}
        </ul>
        <p>{text.rights}</p>
      </div>
    </footer>
  )
}

const texts = {
  zh: {
    name: '教育数据开放清单',
    tagline: '教育公共数据开放平台',
    about: '教育主管部门数据开放清单的公布与落实情况，以及已开放数据的查询、下载和接口。',
    skip: '跳到正文',
    other: 'English',
    site: '网站导航',
    path: '当前位置',
    home: '首页',
    pages: [
      ['/lists', '开放清单'],
      ['/datasets', '数据目录'],
      ['/statistics', '统计比较'],
      ['/venues', '场地开放'],
      ['/changes', '更新动态'],
      ['/developers', '开发者'],
    ],
    footer: [
      ['/about', '关于本站'],
      ['/methods', '统计保密与误差'],
      ['/accessibility', '无障碍声明'],
      ['/contact', '联系我们'],
      ['/status', '运行状况'],
      ['/problems', '错误代码'],
      ['/developers', '接口与下载'],
    ],
    rights: '各数据集按其页面所列许可使用。本站不使用第三方脚本，不跟踪访问者。',
  },
  en: {
    name: 'Open education data',
    tagline: 'The list of what is promised, and the data',
    about: 'What the education authority promised to open, whether it is open yet, and the data themselves.',
    skip: 'Skip to content',
    other: '中文',
    site: 'Site',
    path: 'You are here',
    home: 'Home',
    pages: [
      ['/lists', 'Annual list'],
      ['/datasets', 'Datasets'],
      ['/statistics', 'Compare'],
      ['/venues', 'Venues'],
      ['/changes', 'What is new'],
      ['/developers', 'Developers'],
    ],
    footer: [
      ['/about', 'About'],
      ['/methods', 'Methods'],
      ['/accessibility', 'Accessibility'],
      ['/contact', 'Contact'],
      ['/status', 'Status'],
      ['/problems', 'Problem codes'],
      ['/developers', 'API and downloads'],
    ],
    rights:
      'Each dataset is used under the licence on its page. This site uses no scripts of others and does not track you.',
  },
} as const
