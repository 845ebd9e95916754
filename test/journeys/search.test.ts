/** Search over HTTP: facets, filters, order and pages, refusals, and that restricted datasets leave no trace. */
import t from 'tap'
import { facetCodesMax, questionLengthMax } from '../../src/catalogue/search/query.ts'
import { writeCursor } from '../../src/platform/cursor.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

interface SearchResult {
  readonly data: readonly { slug: string; matches?: readonly { place: string; text: string }[] }[]
  readonly meta: { total: number; sort: string; limit: number; readAs: readonly object[] }
  readonly facets: Readonly<
    Record<string, readonly { code: string; label: object; count: number; chosen: boolean }[]>
  >
  readonly links: { self: string; next: string | null }
}

const contract = (dataset: string, zh: string, en: string, more = {}) =>
  contractOf([field('place', 'string', { role: 'key', constraints: { required: true } })], ['place'], {
    dataset,
    title: { zh, en },
    themes: ['education'],
    ...more,
  })

const secret = 'secret-bridges'
const { get, key, take, publish, moveTo } = await openTestContext(t, {
  contracts: [
    contract('canteens', '学校食堂', 'Canteens', {
      themes: ['health', 'education'],
      updateFrequency: 'monthly',
    }),
    contract('libraries', '图书馆', 'Libraries', { themes: ['culture'], formats: ['csv', 'ndjson'] }),
    contract('bridges', '桥梁', 'Bridges', { themes: ['public-service'], providers: ['sports-bureau'] }),
    contract(secret, '秘密桥梁', 'Secret bridges', {
      openClass: 'not-open',
      themes: ['government'],
      updateFrequency: 'weekly',
      formats: ['csv', 'csv.gz'],
      kind: { name: 'calendar', bind: { entry: 'entry', starts: 'place_from', ends: 'place_to' } },
      fields: [
        field('entry', 'string', {
          role: 'key',
          codes: 'calendar-entries',
          constraints: { required: true },
        }),
        field('place_from', 'date'),
        field('place_to', 'date'),
      ],
      primaryKey: ['entry'],
    }),
  ],
})
const find = async (query: string, headers = {}) =>
  (await get(`/v1/datasets${query}`, headers)).json<SearchResult>()
const slugs = (found: SearchResult) => found.data.map(({ slug }) => slug)
const counts = (found: SearchResult, facet: string) =>
  Object.fromEntries((found.facets[facet] ?? []).map(({ code, count }) => [code, count]))

t.test('without a search text all datasets are listed by slug, with facets', async (t) => {
  const found = await find('')
  t.same(slugs(found), ['bridges', 'canteens', 'libraries'])
  t.match(found.meta, { total: 3, sort: 'slug', limit: 100, readAs: [] })
  t.same(counts(found, 'theme'), { education: 1, health: 1, culture: 1, 'public-service': 1 })
  t.same(counts(found, 'provider'), { 'edu-commission': 2, 'sports-bureau': 1 })
  t.same(counts(found, 'openClass'), { unconditional: 3 })
  t.same(counts(found, 'shareClass'), { general: 3 })
  t.same(counts(found, 'rhythm'), { yearly: 2, monthly: 1 })
  t.same(counts(found, 'format'), { csv: 3, ndjson: 1 })
  t.same(counts(found, 'kind'), {})
  t.match(
    found.facets['theme']?.find(({ code }) => code === 'health'),
    { label: { zh: '卫生健康', en: 'Health' }, chosen: false },
  )
  t.notOk(found.data.some((one) => 'matches' in one))
  t.same(await find('?q='), { ...found, links: { self: '/v1/datasets?q=', next: null } })
})

t.test('search texts, filters and their counts', async (t) => {
  const libraries = await find(`?q=${encodeURIComponent('图书')}`)
  t.same(slugs(libraries), ['libraries'])
  t.equal(libraries.meta.sort, 'relevance')
  t.match(libraries.data[0]?.matches?.[0], { place: 'title', text: '图书馆' })
  t.same(slugs(await find('?theme=health')), ['canteens'])
  t.same(slugs(await find('?theme=health,culture')), ['canteens', 'libraries'])
  t.same(slugs(await find('?theme=health,culture&provider=edu-commission&format=ndjson')), ['libraries'])
  t.same(slugs(await find('?rhythm=monthly&shareClass=general&openClass=unconditional')), ['canteens'])
  const education = await find('?theme=education&provider=sports-bureau')
  t.same([education.data, education.meta.total, education.links.next], [[], 0, null])
  // A facet leaves out its own filter, so that its counts say what another choice would give.
  t.same(counts(education, 'theme'), { 'public-service': 1, education: 0 })
  t.same(counts(education, 'provider'), { 'edu-commission': 1, 'sports-bureau': 0 })
  const nothing = await find(`?q=${encodeURIComponent('交通')}`)
  t.same([nothing.data, nothing.meta.total, nothing.links.next], [[], 0, null])
  t.same((await find('?q=librarries')).meta.readAs, [{ word: 'librarries', as: ['libraries'] }])
})

t.test('orders', async (t) => {
  t.same(slugs(await find('?sort=title', { 'accept-language': 'en' })), ['bridges', 'canteens', 'libraries'])
  // By pinyin: qiáoliáng, túshūguǎn, xuéxiào shítáng.
  t.same(slugs(await find('?sort=title', { 'accept-language': 'zh-CN' })), [
    'bridges',
    'libraries',
    'canteens',
  ])
  for (const [dataset, at] of [
    ['libraries', '2026-03-02T04:00:00Z'],
    ['canteens', '2026-03-03T04:00:00Z'],
  ] as const) {
    moveTo(at)
    await take({ dataset, edition: '2026', rows: 'place\nx\n' })
    await publish(dataset, '2026')
  }
  t.same(slugs(await find('?sort=published')), ['canteens', 'libraries', 'bridges'])
  t.same(slugs(await find('?sort=slug&q=edu')), ['canteens', 'libraries'])
})

t.test('pages', async (t) => {
  for (const query of [
    '?limit=1',
    '?limit=2',
    '?limit=1&sort=title',
    '?limit=1&q=test&theme=education,culture',
  ]) {
    const whole = await find(query.replace(/limit=\d/, 'limit=1000'))
    const seen: string[] = []
    let next: string | null = `/v1/datasets${query}`
    while (next !== null) {
      const page: SearchResult = (await get(next)).json<SearchResult>()
      t.equal(page.meta.total, whole.meta.total)
      t.ok(page.data.length > 0)
      seen.push(...slugs(page))
      next = page.links.next
    }
    t.same(seen, slugs(whole), query)
    t.equal(seen.length, whole.meta.total)
  }
  const { links } = await find('?limit=1')
  const cursor = new URL(links.next ?? '', 'http://x').searchParams.get('cursor') ?? ''
  for (const wrong of [`?cursor=${cursor}&q=x`, `?cursor=${cursor}x`, '?cursor=', '?cursor=%00']) {
    t.match(await get(`/v1/datasets${wrong}`).then((answer) => answer.json()), {
      code: 'cursor-invalid',
      path: 'cursor',
    })
  }
})

t.test('restricted datasets appear in no list, facet, count, order or refusal', async (t) => {
  const { authorization } = await key({ scopes: ['read-restricted'] })
  const other = await key({ scopes: ['read-restricted'], datasets: ['bridges'] })
  const questions = [
    '',
    '?q=%E6%A1%A5%E6%A2%81',
    '?q=secret',
    '?q=secrte',
    '?theme=government',
    '?rhythm=weekly',
  ]
  for (const query of questions) {
    for (const headers of [{}, { authorization: other.authorization }]) {
      const answer = await get(`/v1/datasets${query}`, headers)
      t.notMatch(answer.text, /ecret-bridges|Secret|秘密/, query)
      const { facets } = answer.json<SearchResult>()
      t.notOk(
        facets['format']?.some(({ code }) => code === 'csv.gz'),
        query,
      )
      t.notOk(
        facets['kind']?.some(({ code }) => code === 'calendar'),
        query,
      )
      t.notOk(
        facets['theme']?.some(({ code, count }) => code === 'government' && count > 0),
        query,
      )
    }
    t.match((await get(`/v1/datasets${query}`, { authorization })).text, secret, query)
  }
  t.equal((await get('/v1/datasets?format=csv.gz')).status, 400)
  t.equal((await get('/v1/datasets?format=csv.gz', { authorization })).status, 200)
  // A forged cursor that names a restricted dataset reveals nothing.
  const canonical = '{"filters":{},"language":null,"question":null,"sort":"slug"}'
  const forged = await find(`?cursor=${writeCursor(canonical, { after: secret, at: 1 })}`)
  t.same(slugs(forged), ['canteens', 'libraries'])
  const anyone = await get('/v1/datasets')
  t.match(anyone.headers, { 'cache-control': /public/, vary: /Authorization/ })
  t.notMatch((await get('/v1/datasets', { authorization })).headers['cache-control'], /public/)
})

t.test('invalid values are refused with the nearest valid one', async (t) => {
  const refused = async (query: string) => {
    const answer = await get(`/v1/datasets?${query}`)
    t.equal(answer.status, 400, query)
    return answer.json<Record<string, unknown>>()
  }
  t.match(await refused('topic=health'), { code: 'parameter-unknown', path: 'topic' })
  t.match(await refused('providr=x'), { code: 'parameter-unknown', nearest: 'provider' })
  t.match(await refused('theme=helth'), { code: 'parameter-invalid', path: 'theme', nearest: 'health' })
  t.match(await refused('kind=calender'), { nearest: 'calendar' })
  t.notOk('nearest' in (await refused(`theme=${'x'.repeat(5000)}`)))
  t.match(await refused('theme='), { path: 'theme' })
  t.match(await refused('theme=,'), { path: 'theme' })
  t.match(await refused('theme=health&theme=culture'), { path: 'theme' })
  t.match(await refused('q=a&q=b'), { path: 'q' })
  t.match(await refused('q=a%00b'), { path: 'q' })
  t.match(await refused(`q=${'x'.repeat(1000)}`), { path: 'q' })
  t.match(await refused('q=%ED%A0%80'), { code: 'address-invalid' })
  t.match(await refused('sort=relevance'), { path: 'sort' })
  t.match(await refused('sort=price'), { path: 'sort' })
  for (const limit of ['0', '1001', '-1', '1.5', 'many', ''])
    t.match(await refused(`limit=${limit}`), { path: 'limit' })
  // Both sides of the limits.
  t.equal((await find(`?q=${'x'.repeat(questionLengthMax)}`)).meta.total, 0)
  t.match(await refused(`q=${'x'.repeat(questionLengthMax + 1)}`), { path: 'q' })
  const codes = (count: number) => Array.from({ length: count }, (_, n) => `x${n}`).join()
  t.match(await refused(`theme=${codes(facetCodesMax)}`), { detail: /Unknown code/ })
  t.match(await refused(`theme=${codes(facetCodesMax + 1)}`), { detail: /At most/ })
})

t.test('the portal shows the same', async (t) => {
  const page = async (query: string) => (await get(`/${query}`)).text
  t.match(
    await page('?q=librarries&lang=en'),
    /1 dataset found[\s\S]*searched for libraries instead[\s\S]*Libraries/,
  )
  t.match(await page(`?q=${encodeURIComponent('食堂')}`), /<mark>食堂<\/mark>/)
  t.match(await page('?theme=health&lang=en'), /1 dataset found[\s\S]*Canteens/)
  t.match(await page(`?q=${encodeURIComponent('交通')}`), /找到 0 个数据集[\s\S]*未找到符合条件/)
  t.match(await page('?q=&lang=en'), /Open data: promises and progress/, 'an empty query shows the home page')
  for (const query of ['?q=secret', '?q=%E6%A1%A5%E6%A2%81', '?rhythm=weekly', '']) {
    t.notMatch(await page(query), /secret-bridges|秘密/, query)
  }
  t.equal((await get(`/?q=${'x'.repeat(201)}`)).status, 400)
  t.equal((await get('/?topic=x')).status, 400)
  t.match((await get('/')).headers['content-security-policy'], /form-action 'self'/)
})
