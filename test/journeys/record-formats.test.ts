/**
 * Records as people and programs read them: formats by extension and by Accept, the options of CSV, editions
 * read together, validators and links. Impossible requests are refused before the first byte.
 */
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { withdraw } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { rowsByLibreOffice, withoutLibreOffice } from '../support/read-back.ts'

const dataset = 'bell-register'
const fields = [
  field('bell', 'integer', { role: 'key', constraints: { required: true } }),
  field('name', 'string'),
  field('district', 'string', { codes: 'districts' }),
  field('tone', 'number', { scale: 2 }),
  field('rung', 'date'),
  field('uses', 'list'),
]
const titled = fields.map((one) => ({ ...one, title: { zh: `${one.name} 名`, en: `The ${one.name}` } }))
const more = { dataset, themes: ['education'], indexes: [['name'], ['tone']], formats: ['csv', 'ndjson'] }
const v1 = contractOf(titled, ['bell'], more)
const v2 = {
  ...contractOf([...titled, field('cast_in', 'integer')], ['bell'], more),
  contractVersion: 2,
}
const v3 = { ...contractOf(titled.slice(0, 2), ['bell'], { ...more, indexes: [] }), contractVersion: 3 }
const testContext = await openTestContext(t, { contracts: [v1, v2, v3] })
const { get, app, context } = testContext

const rows2024 = `bell,name,district,tone,rung,uses
1,钟，甲,310101,85.40,2025-09-01,a;b
2,=1+1,310115,-0.50,,
3,,,,,
4,"@x ""q""",310101,7.00,2025-01-31,-a
`
const rows2025 = rows2024
  .replace('uses\n', 'uses,cast_in\n')
  .replaceAll(/^(\d.*)$/gm, '$1,1900')
  .replace('钟，甲', '钟，乙')
for (const [edition, contractVersion, rows] of [
  ['2024', 1, rows2024],
  ['2025', 2, rows2025],
] as const) {
  await testContext.take({ dataset, edition, contractVersion, rows })
  await testContext.publish(dataset, edition)
}
const records = `/v1/datasets/${dataset}/records`
const version = `/v1/datasets/${dataset}/editions/2024/versions/1/records`
const codeOf = async (url: string, headers: Record<string, string> = {}) => {
  const { status, json } = await get(url, headers)
  const { code, path } = json<{ code: string; path?: string }>()
  return `${status} ${code}${path === undefined ? '' : ` ${path}`}`
}

t.test('a format is chosen by the extension, else by Accept', async (t) => {
  const types = {
    json: 'application/json; charset=utf-8',
    csv: 'text/csv; charset=utf-8',
    ndjson: 'application/x-ndjson; charset=utf-8',
  }
  const accepts = {
    json: ['application/json', '*/*', 'text/html,*/*;q=0.1', 'application/json;q=0.2,text/csv;q=0.1'],
    csv: ['text/csv', 'text/*', 'text/csv;q=0.9, application/json;q=0.2'],
    ndjson: ['application/x-ndjson'],
  }
  for (const base of [records, version]) {
    for (const format of ['json', 'csv', 'ndjson'] as const) {
      const byExtension = await get(`${base}.${format}`, { accept: 'image/png' })
      t.equal(byExtension.headers['content-type'], types[format])
      for (const accept of accepts[format]) {
        const answer = await get(base, { accept })
        t.equal(answer.headers['content-type'], types[format], accept)
        t.match(answer.headers['vary'], 'Accept')
        if (format !== 'json') t.equal(answer.text, byExtension.text)
      }
    }
    t.equal(await codeOf(base, { accept: 'image/png, text/html' }), '406 not-acceptable Accept')
  }
  t.equal((await get(`${version}.csv`)).text, rows2024, 'the plain CSV is the published file')
  t.match(
    (await get(`${version}.ndjson`)).text.split('\n')[0],
    '{"bell":1,"name":"钟，甲","district":"310101","tone":85.40,"rung":"2025-09-01","uses":["a","b"]}',
  )
})

t.test('the golden bytes of CSV for people', async (t) => {
  const plain = 'bell,name,district,tone,rung,uses\n'
  const zh = 'bell 名,name 名,district 名,tone 名,rung 名,uses 名\n'
  const en = 'The bell,The name,The district,The tone,The rung,The uses\n'
  const body = rows2024.slice(plain.length)
  const guarded = body.replace('2,=1+1', "2,'=1+1").replace('"@x', `"'@x`).replace(',-a\n', ",'-a\n")
  const cases: readonly (readonly [query: string, text: string])[] = [
    ['header=names', plain + body],
    ['header=labels', zh + body],
    ['header=labels&lang=en', en + body],
    ['bom=1', `\ufeff${plain}${body}`],
    ['bom=1&header=labels&lang=zh&encoding=utf-8', `\ufeff${zh}${body}`],
    ['variant=excel', `\ufeff${zh}${guarded}`],
    ['variant=excel&lang=en', `\ufeff${en}${guarded}`],
    ['variant=excel&header=names', `\ufeff${plain}${guarded}`],
  ]
  for (const [query, text] of cases) {
    for (const limit of ['', '&limit=100']) {
      const answer = await get(`${version}.csv?${query}${limit}`)
      t.ok(answer.bytes.equals(Buffer.from(text)), `${query}${limit}`)
    }
  }
  const gb = await get(`${version}.csv?encoding=gb18030&variant=excel`)
  t.equal(gb.headers['content-type'], 'text/csv; charset=gb18030')
  t.equal(new TextDecoder('gb18030').decode(gb.bytes), zh + guarded)
  t.equal(gb.bytes.subarray(0, 8).toString('hex'), `${Buffer.from('bell ').toString('hex')}c3fb2c`)
  const byLanguage = await get(`${version}.csv?header=labels`, { 'accept-language': 'en-GB' })
  t.equal(byLanguage.text, en + body)
  t.match(byLanguage.headers['vary'], 'Accept-Language')
  const selected = await get(`${version}.csv?select=uses,bell&variant=excel&bell__gt=3`)
  t.equal(selected.text, `\ufeffuses 名,bell 名\n'-a,4\n`)
  t.match(
    gb.headers['content-disposition'],
    'filename="bell-register-2024-v1-records.csv"; filename*=UTF-8\'\'%E6',
  )
})

t.test(
  'a spreadsheet takes no cell of the Excel variant for a formula',
  { skip: withoutLibreOffice },
  async (t) => {
    const { bytes } = await get(`${version}.csv?variant=excel&header=names`)
    t.same(await rowsByLibreOffice('bells.csv', bytes, fields), [
      ['1', '钟，甲', '310101', '85.40', '2025-09-01', 'a;b'],
      ['2', "'=1+1", '310115', '-0.50', null, null],
      ['3', null, null, null, null, null],
      ['4', `'@x "q"`, '310101', '7.00', '2025-01-31', "'-a"],
    ])
  },
)

t.test('options are for CSV, and are refused elsewhere', async (t) => {
  for (const one of ['header=labels', 'bom=1', 'encoding=gb18030', 'variant=excel']) {
    const name = one.split('=')[0]
    for (const extension of ['.json', '.ndjson', '']) {
      t.equal(await codeOf(`${records}${extension}?${one}`), `400 parameter-invalid ${name}`)
    }
    t.equal((await get(`${records}?${one}`, { accept: 'text/csv' })).status, 200)
  }
  for (const wrong of ['header=titles', 'lang=fr&header=labels', 'bom=0', 'encoding=gbk', 'variant=calc']) {
    t.equal(await codeOf(`${records}.csv?${wrong}`), `400 parameter-invalid ${wrong.split('=')[0]}`)
  }
})

t.test('a character outside GB18030 is refused before the first byte', async (t) => {
  await testContext.take({
    dataset,
    edition: '2023',
    rows: 'bell,name,district,tone,rung,uses\n1,fine 😀,,,,\n2,odd \ue5e5,,,,\n',
  })
  await testContext.publish(dataset, '2023')
  const base = `/v1/datasets/${dataset}/editions/2023/versions/1/records.csv?encoding=gb18030`
  for (const limit of ['', '&limit=10']) {
    t.equal(await codeOf(`${base}${limit}`), '400 parameter-invalid encoding')
    t.match((await get(`${base}${limit}`)).json(), { field: 'name' })
    for (const narrower of ['select=bell,uses', 'bell=1']) {
      const answer = await get(`${base}&${narrower}${limit}`)
      t.equal(answer.status, 200, narrower)
    }
  }
  t.equal(
    new TextDecoder('gb18030').decode((await get(`${base}&bell=1&select=name`)).bytes),
    'name\nfine 😀\n',
  )
})

t.test('editions are read together', async (t) => {
  const joined = await get(`${records}?edition=2025,2024&bell__lte=1&count=exact`)
  const page = joined.json<{ data: Record<string, unknown>[]; meta: Record<string, unknown> }>()
  t.strictSame(page.data.map(Object.entries), [
    [
      ...[
        ['edition', '2024'],
        ['bell', 1],
        ['name', '钟，甲'],
        ['district', '310101'],
        ['tone', 85.4],
      ],
      ...[
        ['rung', '2025-09-01'],
        ['uses', ['a', 'b']],
        ['cast_in', null],
      ],
    ],
    [
      ...[
        ['edition', '2025'],
        ['bell', 1],
        ['name', '钟，乙'],
        ['district', '310101'],
        ['tone', 85.4],
      ],
      ...[
        ['rung', '2025-09-01'],
        ['uses', ['a', 'b']],
        ['cast_in', 1900],
      ],
    ],
  ])
  t.match(page.meta, {
    count: 2,
    records: 8,
    contractVersion: 2,
    editions: [{ edition: '2024' }, { edition: '2025' }],
  })
  const csv = await get(`${records}.csv?edition=2024,2025&sort=-name&select=bell`)
  t.equal(csv.text, 'edition,bell\n2024,1\n2025,1\n2025,4\n2024,4\n2025,2\n2024,2\n2025,3\n2024,3\n')
  t.equal(
    (await get(`${records}.csv?edition=all&header=labels&select=bell`)).text.split('\n')[0],
    '期次,bell 名',
  )
  t.match((await get(`${records}?edition=all`)).json(), { meta: { editions: [{ edition: '2023' }, {}, {}] } })
  t.equal(await codeOf(`${records}?edition=2024,2031`), '404 edition-not-found edition')
  t.equal(await codeOf(`${records}?edition=2024&cast_in=1900`), '400 parameter-unknown cast_in')
  t.equal(await codeOf(`${version}?edition=2024`), '400 parameter-invalid edition')
})

t.test('pages link to the next in body and header, whatever the format', async (t) => {
  const next = (answer: Awaited<ReturnType<typeof get>>) =>
    /(?:^|, )<([^>]+)>; rel="next"/.exec(String(answer.headers['link'] ?? ''))?.[1]
  for (const format of ['json', 'csv', 'ndjson'] as const) {
    const bells: unknown[] = []
    let pages = 0
    for (
      let url: string | undefined = `${version}.${format}?limit=3&sort=-tone`;
      url !== undefined;
      pages++
    ) {
      const answer = await get(url)
      t.equal(answer.status, 200)
      if (format === 'json') {
        const page = answer.json<{ data: { bell: number }[]; links: { next: string | null } }>()
        t.equal(page.links.next, next(answer) ?? null)
        bells.push(...page.data.map(({ bell }) => bell))
      } else if (format === 'csv') {
        bells.push(
          ...(parse(answer.text, { columns: true }) as { bell: string }[]).map(({ bell }) => Number(bell)),
        )
      } else {
        for (const line of answer.text.trimEnd().split('\n')) bells.push(JSON.parse(line).bell)
      }
      url = next(answer)
    }
    t.equal(pages, 2)
    t.same(bells, [1, 4, 2, 3], format)
  }
  const counted = await get(`${version}?count=exact&limit=1`)
  t.match(counted.json(), { meta: { count: 4 }, links: { next: /^(?!.*count)/ } })
})

t.test('equivalent queries have one validator, and a current copy is not read again', async (t) => {
  const one = await get(
    `${version}?district__label=${encodeURIComponent('黄浦区')}&tone__in=7,85.4&limit=100`,
  )
  const other = await get(`${version}?tone__in=85.40,7.00&district=310101`)
  t.equal(one.headers['etag'], other.headers['etag'])
  t.equal(one.text, other.text, 'and one text')
  const etag = String(one.headers['etag'])
  const tags = new Set([etag])
  const differing = [
    ...['tone__in=7&district=310101', 'limit=99', 'sort=name', 'select=bell', 'count=exact'].map(
      (q) => `${version}?${q}`,
    ),
    ...[
      `${version}.csv`,
      `${version}.csv?bom=1`,
      `${version}.csv?header=labels&lang=en`,
      `${version}.ndjson`,
      records,
    ],
    ...[`${records}?edition=2024`, `${records}?edition=all`],
  ]
  for (const url of differing) tags.add(String((await get(url)).headers['etag']))
  t.equal(tags.size, differing.length + 1)
  for (const url of [version, `${version}.csv`, `${records}.ndjson?edition=all`]) {
    const tag = String((await get(url)).headers['etag'])
    t.equal((await get(url, { 'if-none-match': tag })).status, 304)
    for (const headers of [{}, { 'if-none-match': tag }]) {
      const head = await app.inject({ method: 'HEAD', url, headers })
      t.equal(head.statusCode, 'if-none-match' in headers ? 304 : 200)
      t.equal(head.headers['etag'], tag)
      t.equal(head.body, '')
    }
  }
})

t.test('breaking contracts and withdrawals are reported by code', async (t) => {
  await testContext.take({ dataset, edition: '2026', contractVersion: 3, rows: 'bell,name\n1,x\n' })
  await testContext.publish(dataset, '2026')
  t.equal(await codeOf(`${records}?edition=all`), '409 contract-breaking edition')
  t.match((await get(`${records}?edition=2024,2026`)).json(), {
    edition: '2024',
    contractVersion: 1,
    newest: 3,
  })
  const first = await get(`${records}?edition=2023,2024&limit=1`)
  const { next } = first.json<{ links: { next: string } }>().links
  t.equal((await get(next)).status, 200)
  await withdraw(context, { dataset, edition: '2024', version: 1, reason: 'Wrong bells.', actor: 'cli:test' })
  t.match((await get(next)).json(), { code: 'version-withdrawn', reason: 'Wrong bells.' })
  t.equal(await codeOf(`${records}.csv?edition=2023,2024`), '410 version-withdrawn')
  t.equal(await codeOf(`${version}.csv`), '410 version-withdrawn')
})

t.test('invalid queries, at each address', async (t) => {
  const many = Array.from({ length: 10_000 }, (_, index) => index).join()
  const cases: readonly (readonly [query: string, expected: string])[] = [
    ['limit=0', '400 parameter-invalid limit'],
    ['limit=10001', '400 parameter-invalid limit'],
    ['bell=1&bell=2', '400 parameter-invalid bell'],
    ['bell__gt=1&bell__gt=2', '400 parameter-invalid bell__gt'],
    ['uses__gt=a', '400 parameter-invalid uses__gt'],
    ['bell__contains=1', '400 parameter-invalid bell__contains'],
    [`bell__in=${many}`, '400 parameter-invalid bell__in'],
    ['name__contains=%ED%A0%80', '400 address-invalid'],
    ['naem=x', '400 parameter-unknown naem'],
    ['cursor=x', '400 cursor-invalid cursor'],
    ['sort=rung', '400 parameter-invalid sort'],
    ['edition=all,2024', '400 parameter-invalid edition'],
  ]
  for (const [query, expected] of cases) {
    for (const extension of ['', '.json', '.csv', '.ndjson']) {
      t.equal(
        await codeOf(`${records}${extension}?${query.startsWith('edition') ? '' : 'edition=2023&'}${query}`),
        expected,
        `${extension} ${query.slice(0, 40)}`,
      )
    }
  }
  t.equal((await get(`${records}?edition=2023&limit=10000`)).status, 200)
  t.equal((await get(`${records}?edition=2023&limit=1`)).status, 200)
  for (const character of ['%', '_', '.', '.*', '\\', '[a-z]', '^', '$', "'", '"', '%25']) {
    const answer = await get(`${records}?edition=2023&name__contains=${encodeURIComponent(character)}`)
    t.same(answer.json<{ data: unknown[] }>().data, [], character)
  }
})
