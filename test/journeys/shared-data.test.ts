/**
 * Data shared with platforms but not open: every operation of the OpenAPI document and every agent tool is
 * called by callers who may not read them and responds as if they did not exist; a platform's key reads them,
 * `private` in every cache, and each access to them, and to nothing else, is written to the audit log before
 * the response.
 */
import t from 'tap'
import { administer } from '../support/database.ts'
import { contractOf, field } from '../support/fields.ts'
import { type Answer, openTestContext, sampleRows, type TestContext } from '../support/open-test-context.ts'
import { addressOf, type ExistingValues, type Operation, operationsOf } from '../support/operations.ts'

const required = { constraints: { required: true } }
const registerOf = (dataset: string, shareClass: string, openClass: string, theme: string) => {
  const name = dataset.split('-')[0] ?? ''
  return contractOf(
    [
      field('place', 'string', { role: 'key', title: { zh: `${name}地`, en: `${name} place` }, ...required }),
      field('berths', 'integer', { role: 'count', constraints: { minimum: 0 } }),
      field('lng', 'number'),
      field('lat', 'number'),
    ],
    ['place'],
    {
      ...{ dataset, shareClass, openClass, themes: [theme] },
      title: { zh: `${name}名录`, en: `Register of each ${name}` },
      keywords: [{ zh: `${name}词`, en: `${name} word` }],
      providers: [theme === 'education' ? 'edu-commission' : 'sports-bureau'],
      formats: ['csv', 'json', 'xlsx', 'zip'],
      indexes: [['berths']],
      coordinates: { system: 'WGS-84', longitude: 'lng', latitude: 'lat' },
      aggregate: { groupBy: ['place'], measures: [{ field: 'berths', functions: ['sum'] }] },
    },
  )
}

const open = registerOf('bridge-register', 'general', 'conditional', 'education')
const shared = registerOf('harbour-register', 'general', 'not-open', 'culture')
const demanded = registerOf('shelter-register', 'on-demand', 'not-open', 'health')
const hiddenRegister = registerOf('vault-register', 'none', 'not-open', 'public-service')
const hidden = [shared, demanded, hiddenRegister]

/**
 * Everything that identifies the hidden datasets: slugs, titles, keywords, markers of records, and unique
 * names.
 */
const traces = /harbour|shelter-|shelter |vault|sports-bureau|["-]culture\b|public-service/

async function furnish(contracts: readonly (typeof open)[]): Promise<TestContext> {
  const testContext = await openTestContext(t, {
    contracts,
    shipped: ['annual-open-data-list'],
    at: '2026-02-01T04:00:00Z',
  })
  const publish = async (dataset: string, edition: string, rows: string, reason?: string) => {
    const provider = contracts.find((one) => one.dataset === dataset)?.providers[0] ?? 'edu-commission'
    await testContext.take({ dataset, edition, rows, provider })
    await testContext.publish(dataset, edition, reason === undefined ? {} : { reason })
  }
  const [list] = await sampleRows('annual-open-data-list', '2026', 0)
  const item = '1,市教育委员会,项目1,,,,2026-03-01,yearly,on-demand,,,bridge-register,2026\n'
  await publish('annual-open-data-list', '2026', `${list?.rows}${item}`)
  for (const { dataset } of contracts) {
    const marker = `${dataset.split('-')[0]}-marker`
    const header = 'place,berths,lng,lat'
    const row = (name: string, berths: number) => `${name},${berths},121.49,31.24\n`
    const before = `${header}\n${row(marker, 3)}`
    await publish(dataset, '2025', before)
    await publish(dataset, '2026', `${before}${row(`${marker}-two`, 4)}`)
    await publish(dataset, '2026', `${before}${row(`${marker}-two`, 5)}`, 'a count was wrong')
  }
  return testContext
}

const testContext = await furnish([open, ...hidden])
const never = await furnish([open])
const { get, context, key } = testContext
await testContext.app.ready()
const { operations } = operationsOf(testContext.app, context.contracts)
/**
 * Operations of a single dataset are the generic ones with the words of its contract; only open datasets have
 * them.
 */
const reading = operations.filter(({ method, operationId }) => method === 'get' && !operationId.includes('.'))

const tableOf = async ({ app }: TestContext, id: string, headers = {}) => {
  const answer = await app.inject({ url: `/api/3/action/package_show?id=${id}`, headers })
  const { result } = answer.json() as {
    result: { resources: { id: string; datastore_active: boolean }[] }
  }
  return result.resources.find(({ datastore_active: isTable }) => isTable)?.id ?? ''
}

async function existingOf(dataset: string, headers = {}): Promise<ExistingValues> {
  const table = await tableOf(testContext, dataset, headers)
  const contract = [open, ...hidden].find((one) => one.dataset === dataset) ?? open
  return {
    ...{ slug: dataset, edition: '2026', version: '2', contractVersion: '1', other: '1', year: '2026' },
    ...{ name: `${dataset}-2026-v2.csv`, id: 'none', upload: 'none', publication: '1', code: 'not-found' },
    ...{ against: 'v1', action: 'package_list' },
    'ckanPackageShow id': dataset,
    'ckanResourceShow id': table,
    'ckanOrganizationShow id': contract.providers[0] ?? '',
    'ckanGroupShow id': contract.themes[0] ?? '',
    'ckanDatastoreSearch resource_id': table,
    'ckanDatastoreInfo id': table,
    'ckanDatastoreDump id': table,
  }
}

const client = await key({ scopes: ['read-shared'] })
const named = await key({ scopes: ['read-shared'], datasets: [demanded.dataset, hiddenRegister.dataset] })
const elsewhere = await key({ scopes: ['read-shared'], datasets: [open.dataset] })
const publisher = await key({ scopes: ['ingest', 'publish', 'admin'] })
const officer = await key({ scopes: ['read-restricted'] })

/** Operations that return records in any form; all others return metadata at most. */
const isData = ({ operationId }: Pick<Operation, 'operationId'>) =>
  /^(list(Version)?Records|aggregate|getDiff|getFile$|getVersionBag$|ckanDatastore(Search|Dump)$)/.test(
    operationId,
  )

const audited = async (id: string) => {
  const rows = await context.database.work<{ action: string; subject: string; detail: object }[]>`
    select action, subject, detail from qingdan.audit where actor = ${`key:${id}`} order by id`
  return rows.map((row) => ({ ...row }))
}
const auditsOf = async (id: string, work: () => Promise<unknown>) => {
  const before = (await audited(id)).length
  await work()
  return (await audited(id)).slice(before)
}

/**
 * A response without what differs between any two services: ids of requests, origins and entries of the Atom feed,
 * cursors, links with them, and the tags of bodies that contain them.
 */
function comparable({ status, text, headers }: Answer): object {
  const body = text
    .replace(/"(requestId|cursor|origin|id)":"[^"]*"/g, '"$1":""')
    // A bundle is identified by its digest, and each service signs what it packs with a key of its own.
    .replace(/"bundles?":(\[[^\]]*\]|"[^"]*")/g, '')
    .replace(/(after|cursor)=[\w.~%-]+/g, '$1=')
    // An id of the Atom feed is its service's origin, for an entry with the digest of the change.
    .replace(/<id>tag:qingdan,2026:[\w-]+\/\w+<\/id>/g, '<id/>')
  return { status, body, cache: headers['cache-control'], etag: body === text ? headers['etag'] : '' }
}

/** Differs by service: its own key, its own metrics, and what is signed with that key. */
const ofOneService = new Set(['getServiceKey', 'getMetrics', 'getVersionBag'])

t.test('without a key they do not seem to exist', async (t) => {
  const existing = await existingOf(open.dataset)
  const mentions: string[] = []
  const [found, expected]: [unknown[], unknown[]] = [[], []]
  for (const operation of reading) {
    const url = addressOf(operation, existing)
    const [withRestricted, withoutThem] = [await get(url), await never.get(url)]
    if (traces.test(withRestricted.text)) mentions.push(operation.operationId)
    if (ofOneService.has(operation.operationId)) continue
    found.push([url, comparable(withRestricted)])
    expected.push([url, comparable(withoutThem)])
  }
  t.same(mentions, [])
  t.same(found, expected)
  for (const url of ['/', '/?q=register', '/?lang=en', '/datasets/bridge-register', '/docs', '/llms.txt']) {
    t.same(comparable(await get(url)), comparable(await never.get(url)), url)
  }
  for (const url of ['/v1/datasets?q=register', '/api/3/action/package_search?q=register&rows=50']) {
    t.same(comparable(await get(url)), comparable(await never.get(url)), url)
  }
  t.ok(found.length > 60, `${found.length} operations`)
})

t.test('their addresses do not exist for callers who may not read them', async (t) => {
  const trusted = { authorization: officer.authorization }
  const callers = [
    ['nobody', {}, hidden],
    ['a key of other scopes', { authorization: publisher.authorization }, hidden],
    ['a platform limited to another dataset', { authorization: elsewhere.authorization }, hidden],
    [
      'a platform, for a dataset that is not shared with all',
      { authorization: client.authorization },
      [demanded, hiddenRegister],
    ],
    [
      'a named platform, for a dataset that is not shared',
      { authorization: named.authorization },
      [shared, hiddenRegister],
    ],
  ] as const
  // Addresses below publications are for publishers, who know all datasets.
  const isOf = ({ path, operationId }: Operation) =>
    (/\{slug\}/.test(path) && !path.includes('/publications')) ||
    /^ckan(Package|Resource|Organization|Group)Show|^ckanDatastore/.test(operationId)
  const own = reading.filter(isOf)
  t.ok(own.length > 30, `${own.length} operations`)
  const faults: string[] = []
  for (const [who, headers, those] of callers) {
    for (const { dataset } of those) {
      const existing = await existingOf(dataset, trusted)
      for (const operation of own) {
        // All belong to one provider, which a platform knows if it reads one of them.
        if (operation.operationId === 'ckanOrganizationShow' && those.length < hidden.length) continue
        const url = addressOf(operation, existing)
        const answer = await get(url, headers)
        const isMissing =
          answer.status === 404 &&
          (!operation.path.startsWith('/v1') ||
            answer.json<{ code: string }>().code === 'dataset-not-found') &&
          !/public/.test(String(answer.headers['cache-control']))
        if (!isMissing) faults.push(`${who}: ${operation.operationId} ${url} ${answer.status}`)
      }
      const { text } = await get(`/v1/changes?limit=1000`, headers)
      t.notMatch(text, dataset, `${who}: the feed`)
      t.equal((await get(`/v1/changes?dataset=${dataset}`, headers)).status, 404)
    }
  }
  t.same(faults, [])
})

t.test(
  'a platform reads shared data: private in every cache, and each access in the audit log',
  async (t) => {
    const headers = { authorization: client.authorization }
    const existing = await existingOf(shared.dataset, headers)
    const openValues = await existingOf(open.dataset)
    let [delivered, described] = [0, 0]
    for (const operation of reading) {
      const url = addressOf(operation, existing)
      let answer: Answer | undefined
      const rows = await auditsOf(client.id, async () => {
        answer = await get(url, headers)
      })
      if (answer === undefined) throw new Error('there was a response')
      const { status, text } = answer
      const cache = String(answer.headers['cache-control'])
      if (status === 200 && traces.test(text)) {
        described += 1
        t.match(cache, /^private|^no-store/, `${operation.operationId}: ${cache}`)
        t.match(String(answer.headers['vary']), /authorization/i, operation.operationId)
      }
      if (/harbour-marker/.test(text)) t.ok(isData(operation), `${operation.operationId} returns records`)
      if (!isData(operation)) {
        t.same(rows, [], `${operation.operationId} returns no records`)
        continue
      }
      delivered += 1
      t.equal(status, 200, url)
      t.match(cache, /^private/, operation.operationId)
      t.equal(rows.length, 1, `${operation.operationId} is audited once`)
      t.match(rows[0], {
        action: 'shared-data-read',
        subject: /^harbour-register(\/2026\/v2)?$/,
        detail: { operation: String, parameters: Array, requestId: String },
      })
      const ofOpen = await auditsOf(client.id, () => get(addressOf(operation, openValues), headers))
      t.same(ofOpen, [], `${operation.operationId} of open data is not audited`)
    }
    t.ok(delivered > 15 && described > 30, `${delivered} return records, ${described} return metadata`)
  },
)

t.test('304, 206 and HEAD are accesses, refusals are not; values of parameters are not logged', async (t) => {
  const { authorization } = client
  const file = `/v1/datasets/${shared.dataset}/editions/2026/versions/2/files/${shared.dataset}-2026-v2.csv`
  const etag = String((await get(file, { authorization })).headers['etag'])
  const request = (url: string, headers = {}, method: 'GET' | 'HEAD' = 'GET') =>
    testContext.app.inject({ method, url, headers: { authorization, ...headers } })
  const cases: [number, () => ReturnType<typeof request>][] = [
    [304, () => request(file, { 'if-none-match': etag })],
    [206, () => request(file, { range: 'bytes=0-4' })],
    [200, () => request(file, {}, 'HEAD')],
  ]
  for (const [status, work] of cases) {
    const rows = await auditsOf(client.id, async () => {
      const answer = await work()
      t.equal(answer.statusCode, status)
      t.match(answer.headers['cache-control'], /^private/)
      if (status === 206) t.equal(answer.body, 'place')
    })
    t.match(rows, [{ subject: 'harbour-register/2026/v2', detail: { operation: 'file' } }])
    t.equal(rows.length, 1, `${status}`)
  }
  const refusals: [number, string, object][] = [
    [416, file, { range: 'bytes=99999-' }],
    [412, file, { 'if-match': '"x"' }],
    [400, `/v1/datasets/${shared.dataset}/records?nothing=1`, {}],
    [404, `/v1/datasets/${shared.dataset}/editions/2019/versions/1/records`, {}],
  ]
  for (const [status, url, headers] of refusals) {
    const rows = await auditsOf(client.id, async () =>
      t.equal((await request(url, headers)).statusCode, status),
    )
    t.same(rows, [], `${status} sent nothing`)
  }
  const filtered = `/v1/datasets/${shared.dataset}/records?place=harbour-marker&edition=all`
  const [row] = await auditsOf(client.id, () => request(filtered))
  t.match(row, {
    subject: shared.dataset,
    detail: { operation: 'records', parameters: ['place', 'edition'], versions: ['2025/v1', '2026/v2'] },
  })
  t.notMatch(JSON.stringify(row), /marker/)
  const [restricted] = await auditsOf(officer.id, () => get(file, { authorization: officer.authorization }))
  t.match(restricted, { action: 'restricted-data-read' }, "the publisher's own key is distinguished")
})

t.test("one caller's response is cached for nobody else", async (t) => {
  const { authorization } = client
  const url = `/v1/datasets/${shared.dataset}/records?limit=1`
  for (let turn = 0; turn < 3; turn += 1) {
    const answer = await get(url, { authorization })
    t.equal(answer.status, 200)
    const etag = String(answer.headers['etag'])
    for (const headers of [{}, { 'if-none-match': etag }, { authorization: elsewhere.authorization }]) {
      t.equal((await get(url, headers)).status, 404)
    }
  }
})

t.test('agent tools and POST of CKAN: the same', async (t) => {
  const post = async (url: string, body: object, authorization?: string) => {
    const answer = await testContext.app.inject({
      ...({ method: 'POST', url } as const),
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(authorization === undefined ? {} : { authorization }),
      },
      payload: JSON.stringify(body),
    })
    return answer.body
  }
  const tool = (name: string, input: object, authorization?: string) =>
    post(
      '/mcp',
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: input } },
      authorization,
    )
  const dataset = shared.dataset
  const calls: [string, object, number][] = [
    ['search_datasets', {}, 0],
    ['describe_dataset', { dataset }, 0],
    ['query_records', { dataset }, 1],
    ['aggregate', { dataset }, 1],
    ['list_state', { year: '2026' }, 0],
    ['changes', {}, 0],
  ]
  for (const [name, input, audits] of calls) {
    for (const authorization of [undefined, publisher.authorization, elsewhere.authorization]) {
      const text = await tool(name, input, authorization)
      t.notMatch(text, /harbour-marker|harbour名录|Register of each harbour/, name)
      if ('dataset' in input) t.match(text, /dataset-not-found/, name)
      else t.notMatch(text, traces, name)
    }
    const rows = await auditsOf(client.id, async () => {
      const text = await tool(name, input, client.authorization)
      if ('dataset' in input) t.notMatch(text, /isError/, name)
    })
    t.equal(rows.length, audits, name)
  }
  const resource = await tableOf(testContext, dataset, { authorization: client.authorization })
  const search = (authorization?: string) =>
    post('/api/3/action/datastore_search', { resource_id: resource }, authorization)
  t.notMatch(await search(), /harbour/)
  const rows = await auditsOf(client.id, async () =>
    t.match(await search(client.authorization), /harbour-marker/),
  )
  t.match(rows, [{ detail: { operation: 'datastore_search' } }])
})

t.test('if the audit log can not be written, nothing is sent', async (t) => {
  const { authorization } = client
  const at = `/v1/datasets/${shared.dataset}`
  const urls = [
    ...[`${at}/records`, `${at}/records.csv`, `${at}/aggregate`],
    `${at}/editions/2026/versions/2/files/${shared.dataset}-2026-v2.csv`,
    `${at}/editions/2026/versions/2/diff?against=v1`,
  ]
  await administer(testContext.url, (sql) => sql.query('alter table qingdan.audit rename to audit_away'))
  for (const url of urls) {
    const answer = await get(url, { authorization })
    t.equal(answer.status, 503, url)
    t.match(answer.json(), { code: 'not-ready' })
    t.notMatch(answer.text, /harbour-marker/)
    t.equal(
      (await get(url.replaceAll(shared.dataset, open.dataset), { authorization })).status,
      200,
      'open data are sent',
    )
  }
  await administer(testContext.url, (sql) => sql.query('alter table qingdan.audit_away rename to audit'))
  t.equal((await get(`${at}/records`, { authorization })).status, 200)
  t.ok(testContext.lines.some((line) => line.includes('"audit-failed"')))
  t.notMatch(testContext.lines.join(''), /harbour-marker/)
})
