import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { html, link } from '../../src/portal/html.ts'
import {
  type PortalOverview,
  type PortalResults,
  renderHome,
  renderProblem,
  renderResults,
} from '../../src/portal/index.ts'
import { testDatabase } from '../support/database.ts'
import { unconnectedContext } from '../support/unconnected-context.ts'

const overview: PortalOverview = {
  lists: [
    {
      year: '2025',
      counts: { published: 1200, late: 3, overdue: 1 },
      synthetic: true,
      href: '/v1/lists/2025',
      csvHref: '/v1/lists/2025.csv',
    },
    { year: '2024', counts: {}, synthetic: false, href: '/v1/lists/2024' },
  ],
  datasets: [
    {
      slug: 'rooms',
      title: { zh: '阅览室', en: 'Reading rooms' },
      description: { zh: '名录。', en: 'A directory.' },
      providers: [
        { zh: '甲局', en: 'Bureau A' },
        { zh: '乙局', en: 'Bureau B' },
      ],
      synthetic: true,
      pageHref: '/datasets/rooms',
      href: '/v1/datasets/rooms',
      contractHref: '/v1/datasets/rooms/contracts/1',
      latest: {
        edition: '2024-2025',
        version: 2,
        records: 1234567,
        updated: '2025-09-01',
        recordsHref: '/v1/datasets/rooms/records',
        files: [{ label: 'CSV', bytes: 1_540_000, href: '/v1/x.csv' }],
      },
    },
    {
      slug: 'later',
      title: { zh: '以后', en: 'Later' },
      description: { zh: '。', en: '.' },
      providers: [],
      synthetic: false,
      pageHref: '/datasets/later',
      href: '/v1/datasets/later',
      contractHref: '/v1/datasets/later/contracts/1',
    },
  ],
}

/** Checks that tags match and ids are unique, which is enough to detect a broken template. */
function faultsOf(page: string): readonly string[] {
  const empty = new Set(['meta', 'link', 'img', 'rect', 'circle', 'br', 'hr', 'input'])
  const open: string[] = []
  const faults: string[] = []
  for (const [, closing, name = ''] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
    if (empty.has(name)) continue
    if (closing === '') open.push(name)
    else if (open.pop() !== name) faults.push(`</${name}> does not match`)
  }
  const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1])
  if (new Set(ids).size !== ids.length) faults.push('duplicate id')
  return [...faults, ...open.map((name) => `<${name}> is not closed`)]
}

t.test('the home page in both languages', async (t) => {
  for (const language of ['zh', 'en'] as const) {
    const page = renderHome(overview, language)
    t.same(faultsOf(page), [])
    t.match(page, language === 'zh' ? /<html lang="zh-CN">/ : /<html lang="en">/)
    t.match(page, language === 'zh' ? /阅览室[\s\S]*甲局、乙局/ : /Reading rooms[\s\S]*Bureau A, Bureau B/)
    t.match(page, language === 'zh' ? /合成样例/ : /synthetic sample/)
    t.match(page, language === 'zh' ? /尚未发布数据/ : /No edition has been published yet/)
    t.match(page, /1,234,567/)
    t.match(page, /1\.5 MB/)
    t.match(page, /<strong>1,204<\/strong>/)
    for (const address of [
      '/v1/lists/2025',
      '/v1/lists/2025.csv',
      `/datasets/rooms?lang=${language}`,
      '/v1/datasets/rooms',
      '/v1/datasets/rooms/records',
      '/v1/datasets/rooms/contracts/1',
      '/v1/x.csv',
      '/docs',
      '/openapi.json',
    ]) {
      t.ok(page.includes(`href="${address}"`), address)
    }
    t.equal((page.match(/class="badge"/g) ?? []).length, 2, 'only synthetic data have a badge')
    t.notMatch(
      page,
      /<script|<style|\sstyle=|\son[a-z]+=|https?:\/\//,
      'no script, no inline style, no external resource',
    )
    t.notMatch(page, /undefined|NaN|\[object/)
  }
  t.same(faultsOf(renderHome({ lists: [], datasets: [] }, 'en')), [])
})

t.test('texts of a contract are escaped', async (t) => {
  const evil = `"><script>alert('1')</script><img src=x onerror=alert(2)>&`
  const both = { zh: evil, en: evil }
  const [dataset] = overview.datasets
  const [list] = overview.lists
  if (dataset?.latest === undefined || list === undefined) throw new Error('the example dataset is missing')
  const page = renderHome(
    {
      lists: [{ ...list, year: evil, href: evil, csvHref: 'javascript:alert(3)' }],
      datasets: [
        {
          slug: evil,
          title: both,
          description: both,
          providers: [both],
          synthetic: true,
          pageHref: 'javascript:alert(6)//',
          href: 'javascript:alert(4)',
          contractHref: '//elsewhere.example/x',
          latest: {
            ...dataset.latest,
            edition: evil,
            updated: evil,
            recordsHref: ' javascript:alert(5)',
            files: [{ label: evil, bytes: 1, href: 'data:text/html,<script>' }],
          },
        },
      ],
    },
    'en',
  )
  t.same(faultsOf(page), [])
  t.notMatch(page, /<script|<img src=x|javascript:|elsewhere|data:text/)
  t.match(page, /&#34;&#62;&#60;script&#62;alert\(&#39;1&#39;\)/)
})

t.test('the template escapes values, joins lists and skips false and undefined', async (t) => {
  t.equal(html`<p>${'a\u202ecod.exe\u0000'}</p>`.text, '<p>a\ufffdcod.exe\ufffd</p>')
  t.equal(html`<p>${'<&>"\''}</p>`.text, '<p>&#60;&#38;&#62;&#34;&#39;</p>')
  t.equal(html`${[html`<b>1</b>`, 'a<', 2]}${false}${undefined}`.text, '<b>1</b>a&#60;2')
  t.same(['/v1/a?b=c', 'https://a.example/', '#x'].map(link), ['/v1/a?b=c', 'https://a.example/', '#x'])
  t.same(
    ['javascript:x', 'JaVaScRiPt:x', '//a.example', '/\\a.example', '\tjavascript:x', 'data:x', ''].map(link),
    ['#', '#', '#', '#', '#', '#', '#'],
  )
})

t.test('pages follow the requested language, and static files have an ETag', async (t) => {
  const { database } = await testDatabase(t)
  const app = await buildApp(unconnectedContext({}, { database }).context)
  t.teardown(() => app.close())
  const lang = async (url: string, header?: string) => {
    const answer = await app.inject({
      url,
      headers: header === undefined ? {} : { 'accept-language': header },
    })
    t.equal(answer.statusCode, 200)
    t.match(answer.headers['content-type'], /^text\/html; charset=utf-8/)
    t.match(answer.headers.vary, /Accept-Language/)
    return answer.headers['content-language']
  }
  t.equal(await lang('/'), 'zh-CN')
  t.equal(await lang('/', 'en-GB,zh;q=0.5'), 'en')
  t.equal(await lang('/?lang=zh', 'en'), 'zh-CN')
  t.equal((await app.inject({ url: '/', headers: { accept: 'application/json' } })).statusCode, 406)
  t.equal((await app.inject('/?lang=fr')).statusCode, 400)
  for (const [url, type] of [
    ['/assets/portal.css', /^text\/css/],
    ['/assets/logo.svg', /^image\/svg\+xml/],
    ['/', /^text\/html/],
  ] as const) {
    const first = await app.inject(url)
    t.match(first.headers['content-type'], type)
    const etag = String(first.headers.etag)
    t.match(etag, /^"[0-9a-f]{32}"$/)
    const again = await app.inject({ url, headers: { 'if-none-match': etag } })
    t.equal(again.statusCode, 304)
    t.equal(again.headers.etag, etag)
    t.equal(again.body, '')
  }
  t.equal((await app.inject('/assets/nothing.css')).statusCode, 404)
  t.equal((await app.inject('/assets/..%2fhtml.ts')).statusCode, 404)
})

t.test('the problem page in both languages', async (t) => {
  t.same(faultsOf(renderProblem('not-found', 'id-1', 'zh')), [])
  t.match(renderProblem('dataset-not-found', 'id-1', 'en'), /No such dataset[\s\S]*id-1/)
})

const [card] = overview.datasets
if (card === undefined) throw new Error('the example has a dataset')
const results: PortalResults = {
  question: '阅览 "room"',
  total: 21,
  results: [
    {
      dataset: card,
      matches: [
        { place: 'title', text: '阅览室', found: ['阅览'] },
        {
          place: 'code',
          field: { zh: '房间', en: 'Room' },
          label: { zh: '大', en: 'Large' },
          text: '大阅览室 & 大阅览厅',
          found: ['阅览'],
        },
      ],
    },
  ],
  facets: [
    {
      name: 'theme',
      values: [
        { code: 'culture', label: { zh: '文化娱乐', en: 'Culture' }, count: 3, chosen: true },
        { code: 'health', label: { zh: '卫生健康', en: 'Health' }, count: 1, chosen: false },
      ],
    },
    {
      name: 'rhythm',
      values: [{ code: 'yearly', label: { zh: '每年', en: 'Yearly' }, count: 4, chosen: false }],
    },
  ],
  readAs: [{ word: 'raeding', as: ['reading'] }],
  next: 'abc',
}

t.test('search results show matches and facets', async (t) => {
  const chinese = renderResults(results, 'zh')
  t.same(faultsOf(chinese), [])
  t.match(chinese, /找到 21 个数据集/)
  t.match(chinese, /<mark>阅览<\/mark>室/)
  t.match(chinese, /大<mark>阅览<\/mark>室 &#38; 大<mark>阅览<\/mark>厅/)
  t.match(chinese, /未找到“raeding”，已改为搜索：reading/)
  t.match(chinese, /value="阅览 &#34;room&#34;"/, 'the query stays in the box')
  t.match(chinese, /<input type="hidden" name="theme" value="culture">/, 'a new query keeps the filters')
  const question = new URLSearchParams({ q: results.question }).toString()
  const address = (more: string) => `href="/?${question}${more}&lang=zh"`.replaceAll('&', '&#38;')
  t.ok(chinese.includes(address('')), 'a chosen filter can be removed')
  t.ok(
    chinese.includes(address('&theme=health%2Cculture')) ||
      chinese.includes(address('&theme=culture%2Chealth')),
  )
  t.ok(chinese.includes(address('&theme=culture&cursor=abc')), 'the next page')
  t.match(chinese, /aria-current="true"/)
  t.notMatch(chinese, /facet-rhythm/, 'a facet of one value narrows nothing')
  const english = renderResults(results, 'en')
  t.same(faultsOf(english), [])
  t.match(english, /21 datasets found/)
  t.match(
    english,
    new RegExp(
      `hreflang="zh-CN" href="/\\?${question.replaceAll('+', '\\+')}&#38;theme=culture&#38;lang=zh"`,
    ),
  )
  t.notMatch(english, /<script|<style|\sstyle=|\son[a-z]+=|https?:\/\/|undefined|NaN|\[object/)
  const none = renderResults({ question: 'x', total: 0, results: [], facets: [], readAs: [] }, 'en')
  t.same(faultsOf(none), [])
  t.match(none, /0 datasets found[\s\S]*No datasets found/)
})

t.test('a search query stays text', async (t) => {
  const evil = `"><script>alert(1)</script>'\\ \n`
  const page = renderResults(
    { ...results, question: evil, readAs: [{ word: evil, as: [evil] }], next: evil },
    'en',
  )
  t.notMatch(page, /<script/)
  t.notMatch(page, /href="#"/)
  t.same(faultsOf(page), [])
})
