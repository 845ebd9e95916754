/**
 * Every operation of the OpenAPI document is called with its examples; each response is checked against the
 * document by the context. Then the behaviour that all addresses share: HEAD, OPTIONS, and an Accept with no
 * supported type.
 */
import t from 'tap'
import { takeBundle } from '../../src/ingest/index.ts'
import { openTestContext, publishSample, sampleRows, zipOf } from '../support/open-test-context.ts'
import {
  addressOf as addressIn,
  type ExistingValues,
  encode,
  exampleOf as exampleIn,
  type Operation,
  operationsOf,
  type Parameter,
} from '../support/operations.ts'

const testContext = await openTestContext(t, { at: '2026-02-01T04:00:00Z' })
const { app, folder, get, context, key, post } = testContext
const editions: readonly (readonly [dataset: string, edition: string])[] = [
  ['annual-open-data-list', '2025'],
  ['fitness-monitoring-centres', '2025'],
  ['school-calendar', '2025'],
  ['school-sports-venues', '2025'],
  ['student-fitness', '2024-2025'],
]
for (const [dataset, edition] of editions) await publishSample(testContext, dataset, edition, 2)

const { authorization } = await key({ scopes: ['ingest', 'publish', 'read-restricted', 'admin'] })
const [sample] = await sampleRows('school-calendar', '2025')
const bundle = { dataset: 'school-calendar', edition: '2025', rows: sample?.rows ?? '' }
const publications = '/v1/datasets/school-calendar/editions/2025/publications'
const [publication] = (await get(publications, { authorization })).json<{ data: { id: number }[] }>().data
const bundleId = (await post('/v1/bundles', await zipOf(folder, bundle), authorization)).json<{
  id: string
}>()
await takeBundle(context, bundleId.id)
const resumable = { authorization, 'tus-resumable': '1.0.0' }
const upload = await app.inject({
  ...({ method: 'POST', url: '/v1/bundles' } as const),
  headers: { ...resumable, 'upload-length': '10' },
})

const { operations } = operationsOf(app, context.contracts)

/** Values that the document can't know because the service creates them: names of existing objects. */
const existing: ExistingValues = {
  slug: 'school-calendar',
  edition: '2025',
  version: '1',
  contractVersion: '1',
  name: 'school-calendar-2025-v1.csv',
  id: bundleId.id,
  year: '2025',
  code: 'not-found',
  other: '2',
  publication: String(publication?.id),
  upload: String(upload.headers.location).split('/').at(-1) ?? '',
}

/** Ids of CKAN, by operation. */
const { result: harvested } = (await get('/api/3/action/package_show?id=school-calendar')).json<{
  result: { resources: { id: string; datastore_active: boolean }[]; tags: { name: string }[] }
}>()
const table = harvested.resources.find(({ datastore_active: isTable }) => isTable)?.id ?? ''
const ofCkan: ExistingValues = {
  'ckanPackageShow id': 'school-calendar',
  'ckanResourceShow id': table,
  'ckanOrganizationShow id': 'edu-commission',
  'ckanGroupShow id': 'education',
  'ckanDatastoreSearch resource_id': table,
  'ckanResourceViewList id': table,
  'ckanTagShow id': harvested.tags[0]?.name ?? '',
  'ckanDatastoreInfo id': table,
  'ckanDatastoreDump id': table,
}

/** The code of a venue, by operation. */
const [venue = ''] = (await sampleRows('school-sports-venues', '2025', 1)).map(
  ({ rows }) => rows.split('\n')[1]?.split(',')[0] ?? '',
)
const ofVenues: ExistingValues = {
  'getVenue id': venue,
  'listVenueSessions id': venue,
  'getVenueCalendar id': venue,
}

/** Only datasets with coordinates come as GeoJSON. */
const ofPoints: ExistingValues = {
  'listRecordsGeojson slug': 'fitness-monitoring-centres',
  'listVersionRecordsGeojson slug': 'fitness-monitoring-centres',
}

const values: ExistingValues = { ...existing, ...ofCkan, ...ofVenues, ...ofPoints }
const exampleOf = (parameter: Parameter) => exampleIn(parameter, values)
const addressOf = (operation: Operation) => addressIn(operation, values)

/** Operations that change something; other journeys call them. */
const changing = new Set([
  'bringBundle',
  'continueUpload',
  'endUpload',
  'askPublication',
  'dropPublication',
  'approvePublication',
  'createPreview',
  'withdrawVersion',
  'addClosures',
  'addClosure',
  'removeClosure',
])
/** Operations that read although their method is POST. */
const readingByPost = new Set(['postCkanAction', 'postCkanActionUnversioned', 'mcp'])
const reading = operations.filter(({ method }) => method === 'get')
t.same(
  operations
    .filter(({ method, operationId }) => method !== 'get' && !readingByPost.has(operationId))
    .map(({ operationId }) => operationId),
  [...changing],
)

t.test('every operation answers its examples', async (t) => {
  t.ok(reading.length > 25)
  const failed: string[] = []
  for (const operation of reading) {
    const { status } = await get(addressOf(operation), { authorization })
    if (status !== 200) failed.push(`${operation.operationId} ${addressOf(operation)}: ${status}`)
  }
  t.same(failed, [])
})

t.test('every example of a parameter is accepted', async (t) => {
  const checked = new Set<string>()
  const refused: string[] = []
  for (const operation of reading) {
    for (const parameter of operation.parameters) {
      const example = parameter.schema.examples?.[0] ?? parameter.example
      const text = `${operation.path.split('/')[3]} ${JSON.stringify(parameter)}`
      // Required parameters are already in the address.
      if (example === undefined || parameter.in !== 'query' || parameter.required === true) continue
      if (checked.has(text)) continue
      checked.add(text)
      const address = addressOf(operation)
      const url = `${address}${address.includes('?') ? '&' : '?'}${parameter.name}=${encode(example)}`
      const answer = await get(url, { authorization })
      if (answer.status !== 200) refused.push(`${url}: ${answer.text}`)
    }
  }
  t.same(refused.slice(0, 5), [], `${refused.length} are refused`)
  t.ok(checked.size > 50, `${checked.size} examples`)
})

/** Parameters that the generic operations have as well. */
const generic = new Set(
  operations
    .filter(({ operationId }) => !operationId.includes('.'))
    .flatMap(({ parameters }) => parameters.map(({ name }) => name)),
)

t.test('every field of a dataset has an example', async (t) => {
  const own = operations
    .filter(({ operationId }) => operationId.includes('.'))
    .flatMap(({ operationId, parameters }) =>
      parameters
        .filter(({ name, in: place }) => place === 'query' && !name.includes('__') && !generic.has(name))
        .map((parameter) => ({ name: `${operationId} ${parameter.name}`, parameter })),
    )
  t.ok(own.length > 50)
  const without = own.filter(({ parameter }) => exampleOf(parameter) === undefined)
  t.same(
    without.map(({ name }) => name),
    [],
  )
})

t.test('HEAD equals GET, OPTIONS names the methods, an unsupported Accept is 406', async (t) => {
  const [found, expected]: [unknown[], unknown[]] = [[], []]
  const refusals: object[] = []
  for (const operation of reading) {
    const url = addressOf(operation)
    const [head, options, none] = await Promise.all([
      app.inject({ method: 'HEAD', url, headers: resumable }),
      app.inject({ method: 'OPTIONS', url }),
      app.inject({ method: 'GET', url, headers: { authorization, accept: 'application/x-nothing' } }),
    ])
    // Probes are never refused, and an extension fixes the format.
    const isServed =
      ['/health', '/ready', '/metrics'].includes(operation.path) || /\.\w+$/.test(url.split('?')[0] ?? '')
    const allows = /GET, HEAD, OPTIONS/.test(String(options.headers.allow))
    found.push([url, head.statusCode, head.body, options.statusCode, allows, none.statusCode])
    expected.push([url, 200, '', 204, true, isServed ? 200 : 406])
    if (!isServed) refusals.push(none.json())
  }
  t.same(found, expected)
  t.match(
    refusals,
    refusals.map(() => ({ code: 'not-acceptable', path: 'Accept', offered: [String] })),
  )
  for (const url of ['/', '/docs']) {
    t.equal((await get(url, { accept: 'application/json' })).status, 406, url)
    t.equal((await get(url, { accept: 'text/*' })).status, 200, url)
  }
})
