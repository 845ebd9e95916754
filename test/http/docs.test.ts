import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Validator } from '@seriousme/openapi-schema-validator'
import t from 'tap'
import { buildApp, datasetParts } from '../../src/app.ts'
import { drift, writeOpenapi } from '../../src/cli/openapi-file.ts'
import { type Contracts, loadContracts } from '../../src/contract/index.ts'
import { buildOpenapi } from '../../src/http/index.ts'
import { withNullTypes } from '../../src/http/openapi/null-types.ts'
import { chineseOf, chineseTags, loadChinese, textsOf } from '../../src/http/openapi/translate.ts'
import { unconnectedContext } from '../support/unconnected-context.ts'

const reading = {
  dataset: 'reading-rooms',
  contractVersion: 1,
  title: { zh: '阅览室', en: 'Reading rooms' },
  description: { zh: '合成的阅览室名录。', en: 'A synthetic directory of reading rooms.' },
  themes: ['education'],
  keywords: [{ zh: '阅读', en: 'reading' }],
  providers: ['education-commission'],
  licence: { name: 'CC-BY-4.0', title: { zh: '署名 4.0', en: 'Attribution 4.0' } },
  source: { zh: '合成', en: 'Synthetic' },
  period: 'year',
  updateFrequency: 'yearly',
  shareClass: 'unconditional',
  openClass: 'unconditional',
  shareMethods: ['interface'],
  fields: [
    {
      name: 'room',
      type: 'string',
      role: 'key',
      title: { zh: '名称', en: 'Room' },
      description: { zh: '阅览室名称。', en: 'Name of the room.' },
      example: 'North',
      constraints: { required: true },
    },
    {
      name: 'seats',
      type: 'integer',
      role: 'measure',
      title: { zh: '座位', en: 'Seats' },
      description: { zh: '座位数。', en: 'Number of seats.' },
      example: '40',
    },
    {
      name: 'shade',
      type: 'string',
      role: 'dimension',
      codes: 'shades',
      title: { zh: '色', en: 'Shade' },
      description: { zh: '墙色。', en: 'Colour of the walls.' },
    },
  ],
  primaryKey: ['room'],
  missingValues: [''],
  formats: ['csv'],
}

/** A folder of contracts with one open and one closed dataset, and the code lists that ship with the code. */
async function contractFolder(folder: string): Promise<string> {
  await cp('datasets/codes', join(folder, 'codes'), { recursive: true })
  await writeFile(join(folder, 'codes', 'shades.csv'), 'code,zh,en\nwhite,白,White\ngreen,绿,Green\n')
  const first = (list: string) => readFile(join('datasets/codes', `${list}.csv`), 'utf8').then(firstCode)
  const own = {
    providers: [await first('providers')],
    themes: [await first('themes')],
    updateFrequency: await first('update-frequencies'),
    shareClass: await first('share-classes'),
    shareMethods: [await first('share-methods')],
  }
  const open = (await readFile('datasets/codes/open-classes.csv', 'utf8'))
    .split('\n')
    .slice(1)
    .map((line) => line.split(',')[0] ?? '')
    .find((code) => code !== '' && code !== 'not-open')
  for (const contract of [
    { ...reading, ...own, openClass: open },
    { ...reading, ...own, dataset: 'closed-rooms', openClass: 'not-open' },
  ]) {
    await mkdir(join(folder, contract.dataset), { recursive: true })
    await writeFile(join(folder, contract.dataset, 'contract.v1.json'), JSON.stringify(contract, null, 2))
  }
  return folder
}

function firstCode(csv: string): string {
  return csv.split('\n')[1]?.split(',')[0] ?? ''
}

/** The app with these contracts; none of the tests here reads a record. */
const appWith = (contracts: Contracts) => buildApp(unconnectedContext({}, { contracts }).context)

t.test('the OpenAPI is valid 3.1, with and without datasets', async (t) => {
  const contracts = await loadContracts({ folders: [await contractFolder(t.testdir())] })
  const empty = await buildApp(unconnectedContext().context)
  for (const app of [empty, await appWith(contracts)]) {
    t.teardown(() => app.close())
    const { contracts: of } = app === empty ? unconnectedContext().context : { contracts }
    await app.ready()
    const document = JSON.parse(JSON.stringify(buildOpenapi(app, of, { parts: datasetParts })))
    t.equal(document.openapi, '3.1.0')
    const result = await new Validator().validate(document)
    t.same(result.valid ? [] : result.errors, [])
    const ids = Object.values(
      document.paths as Record<string, Record<string, { operationId?: string }>>,
    ).flatMap((operations) => Object.values(operations).map(({ operationId }) => operationId))
    t.ok(ids.length >= 15)
    t.notOk(ids.includes(undefined), 'every operation has an id')
    t.equal(new Set(ids).size, ids.length, 'ids are unique')
  }
})

interface Parameter {
  readonly $ref?: string
  readonly name: string
  readonly description: string
  readonly schema: Readonly<Record<string, unknown>>
}

/** Resolves references within a document. */
const resolver = (document: object) => (value: { readonly $ref?: string }) =>
  value.$ref === undefined
    ? value
    : value.$ref
        .split('/')
        .slice(1)
        .reduce<unknown>((inside, name) => (inside as Record<string, unknown>)[name], document)

t.test('each open dataset has its own document; a closed one is not mentioned', async (t) => {
  const contracts = await loadContracts({ folders: [await contractFolder(t.testdir())] })
  const app = await appWith(contracts)
  t.teardown(() => app.close())
  const generic = await app.inject('/openapi.json')
  t.notMatch(generic.body, /closed-rooms/)
  t.same(generic.json()['x-datasets'], [
    {
      slug: 'reading-rooms',
      title: '阅览室 Reading rooms',
      openapi: '/v1/datasets/reading-rooms/openapi.json',
    },
  ])
  t.ok(generic.json().paths['/v1/datasets/{slug}/records'])
  t.same(
    Object.keys(generic.json().paths).filter((path) => path.includes('reading-rooms')),
    [],
    'the generic document has generic operations only',
  )
  t.match((await app.inject('/v1/datasets/closed-rooms/openapi.json')).json(), {
    status: 404,
    code: 'dataset-not-found',
  })
  const answer = await app.inject('/v1/datasets/reading-rooms/openapi.json')
  t.equal(answer.statusCode, 200)
  const document = answer.json()
  const { valid } = await new Validator().validate(structuredClone(document))
  t.ok(valid)
  t.equal(document.externalDocs, undefined, 'without a public address there is no URI')
  t.ok(Object.keys(document.paths).every((path) => path.startsWith('/v1/datasets/reading-rooms/')))
  const resolve = resolver(document)
  const own = document.paths['/v1/datasets/reading-rooms/records.json'].get
  t.ok(document.paths['/v1/datasets/reading-rooms/editions/{edition}/versions/{version}/records'])
  t.notOk(
    document.paths['/v1/datasets/reading-rooms/aggregate'],
    'without aggregates in the contract there is no aggregate operation',
  )
  const parameters = (own.parameters as Parameter[]).map(resolve) as Parameter[]
  const names = parameters.map(({ name }) => name)
  const general = ['edition', 'q', 'select', 'sort', 'limit', 'cursor', 'count', 'key_missing']
  t.same(names.slice(0, 8), general.sort(order(names)))
  t.same(
    names.filter((name) => name.startsWith('seats')),
    ['seats', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'notin', 'isnull'].map((operator, index) =>
      index === 0 ? operator : `seats__${operator}`,
    ),
  )
  t.notOk(names.includes('slug'))
  const named = (wanted: string) => parameters.find(({ name }) => name === wanted)
  t.match(named('seats'), { schema: { type: 'integer', examples: [40] } })
  t.match(named('seats__in'), { style: 'form', explode: false, schema: { items: { type: 'integer' } } })
  t.match(named('select'), { schema: { items: { enum: ['room', 'seats', 'shade'] } } })
  t.match(named('sort'), { schema: { items: { enum: ['room', '-room'] } } }, 'only indexed fields')
  t.match(named('shade'), {
    schema: { $ref: '#/components/schemas/codes.shades' },
    description: /`green` 绿 Green/,
  })
  t.match(document.components.schemas['codes.shades'], {
    type: 'string',
    enum: ['white', 'green'],
    'x-enum-descriptions': ['白 White', '绿 Green'],
  })
  const okResponse = resolve(own.responses['200']) as { content: { 'application/json': { schema: object } } }
  const page = resolve(okResponse.content['application/json'].schema) as {
    properties: { data: { items: object } }
  }
  t.same(page.properties.data.items, {
    $ref: '#/components/schemas/reading-rooms.record',
  })
  t.match(document.components.schemas['reading-rooms.record'], {
    type: 'object',
    properties: { seats: { title: /座位/ } },
    required: ['room'],
  })
  t.match(resolve(own.responses['404']), {
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  })
})

/** Sorts in the order of a list of names. */
const order = (names: readonly string[]) => (a: string, b: string) => names.indexOf(a) - names.indexOf(b)

t.test('documents have an ETag per encoding, and are compressed if the caller accepts gzip', async (t) => {
  const contracts = await loadContracts({ folders: [await contractFolder(t.testdir())] })
  const app = await appWith(contracts)
  t.teardown(() => app.close())
  for (const document of ['/openapi.json', '/v1/datasets/reading-rooms/openapi.json']) {
    for (const url of [document, `${document}?lang=zh`, `${document}?lang=en`]) {
      const plain = await app.inject(url)
      const packed = await app.inject({ url, headers: { 'accept-encoding': 'gzip' } })
      t.equal(plain.headers['content-encoding'], undefined)
      t.equal(packed.headers['content-encoding'], 'gzip')
      t.equal(gunzipSync(packed.rawPayload).toString(), plain.body, url)
      t.match(packed.headers.vary, /Accept-Encoding/)
      t.not(packed.headers.etag, plain.headers.etag)
      for (const { headers } of [plain, packed]) {
        const again = await app.inject({
          url,
          headers: {
            'if-none-match': String(headers.etag),
            ...(headers === packed.headers ? { 'accept-encoding': 'gzip' } : {}),
          },
        })
        t.equal(again.statusCode, 304)
        t.equal(again.body, '')
      }
    }
  }
})

t.test('documents change when new contracts are loaded while the service runs', async (t) => {
  const folder = await contractFolder(t.testdir())
  const first = await loadContracts({ folders: [folder] })
  await writeFile(join(folder, 'codes', 'shades.csv'), 'code,zh,en\nwhite,白,White\nblue,蓝,Blue\n')
  const second = await loadContracts({ folders: [folder] })
  let contracts = first
  const { context } = unconnectedContext()
  const app = await buildApp(Object.defineProperty({ ...context }, 'contracts', { get: () => contracts }))
  t.teardown(() => app.close())
  const shades = async () => {
    const document = (await app.inject('/v1/datasets/reading-rooms/openapi.json')).json()
    return document.components.schemas['codes.shades'].enum
  }
  t.same(await shades(), ['white', 'green'])
  contracts = second
  t.same(await shades(), ['white', 'blue'])
})

t.test('every route schema compiles, although the start compiles none', async (t) => {
  const app = await buildApp(unconnectedContext().context, undefined, 'at-start')
  t.teardown(() => app.close())
  await app.ready()
  t.equal((await app.inject('/v1/problems')).statusCode, 200)
})

t.test('openapi.yaml lists the same generic operations', async (t) => {
  const app = await buildApp(unconnectedContext().context)
  t.teardown(() => app.close())
  const { paths } = (await app.inject('/openapi.json')).json() as {
    paths: Record<string, Record<string, { operationId: string }>>
  }
  const ids = Object.values(paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  )
  const stored = [...(await readFile('openapi.yaml', 'utf8')).matchAll(/^ +operationId: ([A-Za-z]+)$/gm)].map(
    ([, id = '']) => id,
  )
  t.same(ids.sort(), stored.sort())
})

t.test('every text of a route has a Chinese translation, and no translation is unused', async (t) => {
  const app = await buildApp(unconnectedContext().context)
  t.teardown(() => app.close())
  await app.ready()
  const { contracts } = unconnectedContext().context
  const document = buildOpenapi(app, contracts, { parts: datasetParts })
  const catalogue = loadChinese()
  const texts = textsOf(document)
  t.ok(texts.length > 200)
  t.same(
    texts.filter((text) => chineseOf(text, catalogue) === undefined),
    [],
    'add these to src/http/openapi/chinese.json',
  )
  t.same(
    Object.keys(catalogue).filter((text) => !texts.includes(text)),
    [],
    'no route uses these texts any more',
  )
  const translated = textsOf(buildOpenapi(app, contracts, { parts: datasetParts, language: 'zh' }))
  t.same(
    translated.filter(
      (text) => !/\p{Script=Han}/u.test(text) && text !== 'OpenAPI 3.1。' && text !== 'CSV，UTF-8。',
    ),
    [],
  )
  t.same(
    (document.tags ?? []).map(({ name }) => chineseTags[String(name)]).filter((name) => name === undefined),
    [],
  )
  for (const [english = '', chinese = ''] of Object.entries(catalogue)) {
    const codes = (text: string) => [...text.matchAll(/`[^`]+`/g)].map(([code]) => code).sort()
    if (english.includes('lang=zh')) continue
    t.same(codes(chinese), codes(english), `the same code spans in ${english.slice(0, 60)}`)
  }
})

t.test('problems that any operation can return are declared once', async (t) => {
  const app = await buildApp(unconnectedContext().context)
  t.teardown(() => app.close())
  const { paths, components } = (await app.inject('/openapi.json')).json() as {
    paths: Record<string, Record<string, { responses: Record<string, { $ref?: string }> }>>
    components: { responses: Record<string, { description: string; content: object }> }
  }
  const all = Object.values(paths).flatMap((methods) => Object.values(methods))
  t.same(
    all.filter(({ responses }) => responses['500'] !== undefined || responses['default'] === undefined),
    [],
  )
  const common = components.responses['default']
  t.match(
    common?.description,
    /^401 `key-invalid`: .*\. 406 .* 429 .* 500 `internal`: .* 503 .* 507 `storage-full`: /,
  )
  t.match(common?.content, {
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
  })
  const audit = paths['/v1/audit']?.['get']?.responses ?? {}
  t.match(components.responses[audit['401']?.$ref?.split('/').at(-1) ?? '']?.description, /`key-missing`/)
  t.ok(audit['400'], 'a refused parameter concerns the operation')
  const chinese = (await app.inject('/openapi.json?lang=zh')).json()
  t.match(chinese.components.responses.default.description, /500 `internal`：\p{Script=Han}+/u)
})

t.test('a value that may be null has two types', async (t) => {
  const nullable = (schema: object, others = {}) => ({ anyOf: [schema, { type: 'null' }], ...others })
  t.same(withNullTypes(nullable({ type: 'string', format: 'date', description: 'inner' })), {
    type: ['string', 'null'],
    format: 'date',
    description: 'inner',
  })
  const inside = {
    type: 'object',
    properties: { n: nullable({ type: 'integer' }, { description: 'A number.' }) },
  }
  t.same(withNullTypes({ type: 'array', items: inside }), {
    type: 'array',
    items: { type: 'object', properties: { n: { type: ['integer', 'null'], description: 'A number.' } } },
  })
  for (const schema of [{ $ref: '#/x' }, { type: 'string', enum: ['a'] }, { type: 'object' }]) {
    t.same(withNullTypes(nullable(schema)), nullable(schema), 'other unions stay')
  }
})

t.test('the document is in the requested language', async (t) => {
  const contracts = await loadContracts({ folders: [await contractFolder(t.testdir())] })
  const app = await appWith(contracts)
  t.teardown(() => app.close())
  const of = async (lang: string) => {
    const { body } = await app.inject(`/v1/datasets/reading-rooms/openapi.json${lang}`)
    const document = JSON.parse(body)
    const operation = document.paths['/v1/datasets/reading-rooms/records'].get
    return { body, summary: operation.summary, tags: document.tags, operation }
  }
  const [both, zh, en] = [await of(''), await of('?lang=zh'), await of('?lang=en')]
  t.equal(both.summary, '阅览室 Reading rooms: Records of a dataset')
  t.equal(zh.summary, '阅览室: 数据集的记录')
  t.equal(en.summary, 'Reading rooms: Records of a dataset')
  t.match((await app.inject('/openapi.json?lang=zh')).json().tags, [{ name: '年度清单' }])
  t.notMatch(zh.body, /Number of seats|Reading rooms/)
  t.notMatch(en.body, /座位数|阅览室/)
  const ids = (body: string) => [...body.matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id)
  t.same(ids(zh.body), ids(en.body), 'ids do not depend on the language')
  t.match((await app.inject('/openapi.json?lang=fr')).json(), { code: 'parameter-invalid', path: 'lang' })
  const validator = new Validator()
  t.ok((await validator.validate(JSON.parse(zh.body))).valid)
})

t.test('/docs is in the requested language, else that of the browser, else Chinese', async (t) => {
  const app = await buildApp(unconnectedContext().context)
  t.teardown(() => app.close())
  const languageOf = async (url: string, headers: Record<string, string> = {}) => {
    const answer = await app.inject({ url, headers })
    t.equal(answer.statusCode, 200, url)
    const [, language] = /<html lang="([^"]+)">/.exec(answer.body) ?? []
    t.equal(answer.headers['content-language'], language)
    t.match(answer.headers.vary, /Accept-Language/)
    const lang = language === 'en' ? 'en' : 'zh'
    t.match(answer.body, new RegExp(`data-document="/openapi.json\\?lang=${lang}"`))
    t.match(
      answer.body,
      new RegExp(`back=%2Fdocs%3Flang%3D${lang === 'en' ? 'zh' : 'en'}"[^>]*>(English|中文)<`),
    )
    return language
  }
  t.equal(await languageOf('/docs'), 'zh-CN')
  t.equal(await languageOf('/docs?lang=en'), 'en')
  t.equal(await languageOf('/docs', { 'accept-language': 'en-GB,en;q=0.9' }), 'en')
  t.equal(await languageOf('/docs?lang=zh', { 'accept-language': 'en' }), 'zh-CN')
  const etag = String((await app.inject('/docs')).headers.etag)
  t.equal((await app.inject({ url: '/docs', headers: { 'if-none-match': etag } })).statusCode, 304)
  t.equal(
    (await app.inject('/docs/ui/')).headers.location,
    '/docs',
    'the page of Swagger UI redirects to /docs',
  )
})

t.test('/docs offers the document of each open dataset', async (t) => {
  const contracts = await loadContracts({ folders: [await contractFolder(t.testdir())] })
  const app = await appWith(contracts)
  t.teardown(() => app.close())
  const generic = (await app.inject('/docs?lang=en')).body
  t.match(generic, /<option value="reading-rooms">Reading rooms/)
  t.notMatch(generic, /closed-rooms/)
  const own = (await app.inject('/docs?lang=en&dataset=reading-rooms')).body
  t.match(own, /data-document="\/v1\/datasets\/reading-rooms\/openapi.json\?lang=en"/)
  t.match(own, /<option value="reading-rooms" selected>/)
  t.match(own, /back=%2Fdocs%3Fdataset%3Dreading-rooms%26lang%3Dzh"/)
  t.equal(
    (await app.inject('/docs?dataset=&lang=en')).statusCode,
    200,
    'an empty choice is the generic document',
  )
  t.equal((await app.inject('/docs?dataset=closed-rooms')).statusCode, 404)
})

t.test('/docs loads all its resources from this service', async (t) => {
  const app = await buildApp(unconnectedContext().context)
  t.teardown(() => app.close())
  const page = await app.inject('/docs')
  const loaded = [...page.body.matchAll(/<(?:script src|link rel="stylesheet" href|img src)="([^"]+)"/g)].map(
    ([, address = '']) => address,
  )
  t.ok(loaded.length >= 6)
  for (const address of loaded) {
    t.match(address, /^\/(docs\/ui\/static|assets)\//, 'an address of this service')
    t.equal((await app.inject(address)).statusCode, 200, address)
  }
  t.notMatch(
    page.body,
    /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=/,
    'nothing that the content security policy forbids',
  )
  for (const sheet of loaded.filter((address) => address.endsWith('.css'))) {
    t.notMatch(
      (await app.inject(sheet)).body,
      /url\(["']?(?:https?:)?\/\//,
      `${sheet} loads nothing from elsewhere`,
    )
  }
})

t.test('openapi.yaml depends on routes and contracts only, and is reproducible', async (t) => {
  const folder = await contractFolder(t.testdir())
  const [one, two] = [
    await writeOpenapi([folder], ['reading-rooms']),
    await writeOpenapi([folder], ['reading-rooms']),
  ]
  t.equal(one, two)
  t.match(one, /^openapi: 3\.1\.0\n/)
  t.match(one, /\n {4}reading-rooms\.record:\n/)
  t.match(
    drift(one.replace('Reading rooms', 'Rooms'), one).join('\n'),
    /^openapi\.yaml differs .*\n- .*Rooms[\s\S]*\+ /,
  )
  await t.rejects(writeOpenapi([folder], ['closed-rooms']), /No open dataset is called closed-rooms/)
  t.match(drift(one, `${one}more: 1\n`).join('\n'), /\+ more: 1/)
})
