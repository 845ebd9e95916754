import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { problem } from '../../src/platform/problem.ts'
import { type PortalOverview, renderHome } from '../../src/portal/home/page.tsx'
import { link } from '../../src/portal/html.tsx'
import { page } from '../../src/portal/layout.tsx'
import { renderProblem } from '../../src/portal/problems/problem-page.tsx'
import { type PortalResults, renderResults } from '../../src/portal/search/results.tsx'
import { plainView, to } from '../../src/portal/view.ts'
import { testDatabase } from '../support/database.ts'
import { faultsOf } from '../support/html-faults.ts'
import { unconnectedContext } from '../support/unconnected-context.ts'

const views = { zh: plainView('zh'), en: plainView('en') }

const overview: PortalOverview = {
  lists: [
    {
      year: '2025',
      counts: { published: 1200, late: 3, overdue: 1 },
      completion: 0.9992,
      onTime: null,
      synthetic: true,
      href: '/v1/lists/2025',
    },
    { year: '2024', counts: {}, completion: null, onTime: null, synthetic: false, href: '/v1/lists/2024' },
  ],
  datasets: [
    {
      slug: 'rooms',
      title: { zh: '阅览室', en: 'Reading rooms' },
      description: { zh: '名录，见 `name`。其余略。', en: 'A directory; see `name`. More.' },
      providers: [
        { zh: '甲局', en: 'Bureau A' },
        { zh: '乙局', en: 'Bureau B' },
      ],
      synthetic: true,
      href: '/v1/datasets/rooms',
      contractHref: '/v1/datasets/rooms/contracts/1',
      latest: {
        edition: '2024-2025',
        version: 2,
        records: 1234567,
        updated: '2025-09-01',
        recordsHref: '/v1/datasets/rooms/records',
        files: [{ format: 'csv', name: 'x.csv', digest: 'a', bytes: 1_540_000, href: '/v1/x.csv' }],
      },
    },
    {
      slug: 'later',
      title: { zh: '以后', en: 'Later' },
      description: { zh: '。', en: '.' },
      providers: [],
      synthetic: false,
      href: '/v1/datasets/later',
      contractHref: '/v1/datasets/later/contracts/1',
    },
  ],
  changes: [],
}

t.test('the home page in both languages', async (t) => {
  for (const language of ['zh', 'en'] as const) {
    const text = renderHome(overview, views[language])
    t.same(faultsOf(text), [])
    t.match(text, language === 'zh' ? /<html lang="zh-CN">/ : /<html lang="en">/)
    t.match(text, language === 'zh' ? /阅览室[\s\S]*甲局、乙局/ : /Reading rooms[\s\S]*Bureau A, Bureau B/)
    t.match(text, language === 'zh' ? /合成样例/ : /synthetic sample/)
    t.match(text, language === 'zh' ? /尚未发布数据/ : /No edition has been published yet/)
    t.match(text, language === 'zh' ? /<p>名录，见 <code>name<\/code>。<\/p>/ : /<p>A directory\.<\/p>/)
    t.match(text, /1,234,567/)
    t.match(text, /1\.5 MB/)
    t.match(text, /<strong>1,200<\/strong>/)
    for (const address of [
      `/lists/2025?state=overdue&amp;lang=${language}`,
      `/lists/2025?lang=${language}`,
      `/lists/2024?lang=${language}`,
      `/datasets/rooms?lang=${language}`,
      `/datasets/rooms/table?lang=${language}`,
      '/v1/lists/2025',
      '/v1/x.csv',
      '/openapi.json',
    ]) {
      t.ok(text.includes(`href="${address}"`), address)
    }
    t.equal((text.match(/class="badge"/g) ?? []).length, 2, 'only synthetic data have a badge')
    t.notMatch(
      text,
      /<script|<style|\sstyle=|\son[a-z]+=|https?:\/\//,
      'no script, no inline style, no external resource',
    )
    t.notMatch(text, /undefined|NaN|\[object/)
  }
  t.same(faultsOf(renderHome({ lists: [], datasets: [], changes: [] }, views.en)), [])
})

t.test('texts of a contract are escaped', async (t) => {
  const evil = `"><script>alert('1')</script><img src=x onerror=alert(2)>&`
  const both = { zh: evil, en: evil }
  const [dataset] = overview.datasets
  const [list] = overview.lists
  if (dataset?.latest === undefined || list === undefined) throw new Error('the example dataset is missing')
  const text = renderHome(
    {
      lists: [{ ...list, year: evil, href: 'javascript:alert(3)' }],
      datasets: [
        {
          slug: evil,
          title: both,
          description: both,
          providers: [both],
          synthetic: true,
          href: 'javascript:alert(4)',
          contractHref: '//elsewhere.example/x',
          latest: {
            ...dataset.latest,
            edition: evil,
            updated: evil,
            recordsHref: ' javascript:alert(5)',
            files: [{ format: evil, name: evil, digest: evil, bytes: 1, href: 'data:text/html,<script>' }],
          },
        },
      ],
      changes: [
        {
          position: 1,
          kind: 'version-published',
          day: evil,
          slug: evil,
          title: both,
          reason: evil,
          path: `/datasets/${evil}`,
          what: both,
          meaning: both,
        },
      ],
    },
    views.en,
  )
  t.same(faultsOf(text), [])
  t.notMatch(text, /<script|<img src="?x|javascript:|elsewhere|data:text/)
  t.match(text, /&quot;>&lt;script>alert\('1'\)/)
})

t.test('pages escape values, show control characters, and link only to what is safe', async (t) => {
  const text = page(views.en, { title: 'a\u202ecod.exe\u0000', main: '<&>"\'' })
  t.match(text, /<title>a\ufffdcod\.exe\ufffd ·/)
  t.match(text, /&lt;&amp;>&quot;'/)
  t.match(page(views.en, { title: '', main: '', data: { a: '</script>' } }), /\{"a":"\\u003c\/script>"\}/)
  t.same(['/v1/a?b=c', 'https://a.example/', '#x'].map(link), ['/v1/a?b=c', 'https://a.example/', '#x'])
  t.same(
    ['javascript:x', 'JaVaScRiPt:x', '//a.example', '/\\a.example', '\tjavascript:x', 'data:x', ''].map(link),
    ['#', '#', '#', '#', '#', '#', '#'],
  )
})

t.test('addresses keep a language that was named, and leave out what is empty', async (t) => {
  const named = { language: 'en', isNamed: true } as const
  t.equal(to(named, '/a', { b: '1,2', c: '', d: undefined }), '/a?b=1,2&lang=en')
  t.equal(to({ ...named, isNamed: false }, '/a#x', { b: '&' }), '/a?b=%26#x')
  t.equal(to({ ...named, isNamed: false }, '/a'), '/a')
})

t.test('pages follow the requested language, and static files have an ETag', async (t) => {
  const { database } = await testDatabase(t)
  const app = await buildApp(unconnectedContext({}, { database }).context)
  t.teardown(() => app.close())
  const lang = async (url: string, headers: Record<string, string> = {}) => {
    const answer = await app.inject({ url, headers })
    t.equal(answer.statusCode, 200)
    t.match(answer.headers['content-type'], /^text\/html; charset=utf-8/)
    t.match(answer.headers.vary, /Accept-Language, Cookie/)
    return answer.headers['content-language']
  }
  t.equal(await lang('/'), 'zh-CN')
  t.equal(await lang('/', { 'accept-language': 'en-GB,zh;q=0.5' }), 'en')
  t.equal(await lang('/?lang=zh', { 'accept-language': 'en' }), 'zh-CN')
  t.equal(await lang('/', { cookie: 'a=b; lang=en', 'accept-language': 'zh' }), 'en')
  t.equal(await lang('/?lang=zh', { cookie: 'lang=en' }), 'zh-CN')
  t.equal(await lang('/', { cookie: 'lang=fr' }), 'zh-CN')
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
  t.test('the choice of a language is remembered, and leads to no other service', async (t) => {
    const choose = async (back: string) => {
      const { statusCode, headers } = await app.inject(`/language?to=en&back=${encodeURIComponent(back)}`)
      t.equal(statusCode, 303)
      t.match(headers, {
        'set-cookie': /^lang=en; Path=\/; Max-Age=\d+; SameSite=Lax$/,
        'cache-control': 'no-store',
      })
      return headers.location
    }
    t.equal(await choose('/lists/2026?state=overdue'), '/lists/2026?state=overdue&lang=en')
    for (const back of [
      '//evil.example/',
      'https://evil.example/',
      '/\\evil.example',
      'javascript:x',
      '',
      '/\t/evil.example',
    ])
      t.equal(await choose(back), '/?lang=en', back)
    t.equal((await app.inject('/language?to=fr')).statusCode, 400)
  })
  t.test('what is wrong with a page is a page in its language, for browsers', async (t) => {
    const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
    const ask = (url: string, headers = {}) => app.inject({ url, headers: { ...browser, ...headers } })
    const missing = await ask('/datasets/nosuch?lang=zh')
    t.equal(missing.statusCode, 404)
    t.match(missing.body, /<html lang="zh-CN">[\s\S]*没有这个数据集/)
    t.match((await ask('/datasets/nosuch', { cookie: 'lang=en' })).body, /No such dataset/)
    const wrong = await ask('/lists/2026?stat=late&lang=en')
    t.equal(wrong.statusCode, 400)
    t.match(wrong.headers['content-type'], /^text\/html/)
    t.match(wrong.body, /<code>stat<\/code>/)
    t.match(
      (await app.inject('/lists/2026?stat=late')).headers['content-type'],
      /^application\/problem\+json/,
    )
    t.match((await ask('/v1/datasets?a=b')).headers['content-type'], /^application\/problem\+json/)
  })
})

t.test('the problem page in both languages', async (t) => {
  t.same(faultsOf(renderProblem(problem('not-found'), 'id-1', 'zh')), [])
  t.match(renderProblem(problem('dataset-not-found'), 'id-1', 'en'), /No such dataset[\s\S]*id-1/)
  const withdrawn = problem('version-withdrawn', {
    reason: '<b>wrong</b>',
    successor: 'https://data.example/v1/datasets/rooms/editions/2025/versions/2',
  })
  const text = renderProblem(withdrawn, 'id-1', 'en')
  t.match(text, /&lt;b>wrong[\s\S]*href="\/datasets\/rooms\/editions\/2025\/versions\/2\?lang=en"/)
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
    { name: 'format', values: [{ code: 'csv', label: { zh: 'CSV', en: 'CSV' }, count: 4, chosen: false }] },
  ],
  readAs: [{ word: 'romo', as: ['room', 'rooms'] }],
  next: 'eyJ2IjoxfQ',
}

t.test('search results show matches and facets', async (t) => {
  const chinese = renderResults(results, views.zh)
  t.same(faultsOf(chinese), [])
  t.match(chinese, /找到 21 个数据集/)
  t.match(chinese, /<mark>阅览<\/mark>室/)
  t.match(chinese, /大<mark>阅览<\/mark>室 &amp; 大<mark>阅览<\/mark>厅/)
  t.match(chinese, /未找到“romo”，已改为搜索：room、rooms/)
  t.match(chinese, /value="阅览 &quot;room&quot;"/, 'the query stays in the box')
  t.match(chinese, /<input type="hidden" name="theme" value="culture"\/>/, 'a new query keeps the filters')
  const question = new URLSearchParams({ q: results.question }).toString()
  const address = (more: string) => `href="/datasets?${question}${more}&lang=zh"`.replaceAll('&', '&amp;')
  t.ok(chinese.includes(address('')), 'a chosen filter can be removed')
  t.ok(
    chinese.includes(address('&theme=health,culture')) || chinese.includes(address('&theme=culture,health')),
  )
  t.ok(chinese.includes(address('&theme=culture&cursor=eyJ2IjoxfQ')), 'the next page')
  t.match(chinese, /aria-current="true"/)
  t.notMatch(chinese, /facet-format/, 'a facet of one value narrows nothing')
  const english = renderResults(results, views.en)
  t.same(faultsOf(english), [])
  t.match(english, /21 datasets found/)
  t.notMatch(english, /<script|<style|\sstyle=|\son[a-z]+=|https?:\/\/|undefined|NaN|\[object/)
  const none = renderResults({ question: 'x', total: 0, results: [], facets: [], readAs: [] }, views.en)
  t.same(faultsOf(none), [])
  t.match(none, /0 datasets found[\s\S]*No datasets found/)
})

t.test('a search query stays text', async (t) => {
  const evil = `"><script>alert(1)</script>'\\ \n`
  const text = renderResults(
    { ...results, question: evil, readAs: [{ word: evil, as: [evil] }], next: evil },
    views.en,
  )
  t.notMatch(text, /<script/)
  t.notMatch(text, /href="#"/)
  t.same(faultsOf(text), [])
})
