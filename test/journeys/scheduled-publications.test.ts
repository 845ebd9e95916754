/**
 * Scheduled publications: for a time, for a second person, for both; cancelled, requested again, resumed
 * after a crash. Exactly what was reviewed and approved is released, and until then readers see nothing of
 * it.
 */

import t from 'tap'
import { startJobs } from '../../src/app.ts'
import { approvePublication, publishEdition, requestPublication } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const [wells, kites] = ['well-register', 'kite-register']
const required = { constraints: { required: true } }
const contract = (dataset: string, more: object = {}) =>
  contractOf(
    [field('name', 'string', { role: 'key', ...required }), field('size', 'integer', { role: 'measure' })],
    ['name'],
    { dataset, themes: ['education'], formats: ['csv', 'csv.gz'], ...more },
  )

const testContext = await openTestContext(t, {
  contracts: [contract(wells), contract(kites, { approval: { required: true } })],
  at: '2026-03-01T00:00:00Z',
})
const { context, get, send, moveTo, lines } = testContext
const [officer, second, confined, provider, reading] = await Promise.all([
  testContext.key({ scopes: ['publish'] }),
  testContext.key({ scopes: ['publish'] }),
  testContext.key({ scopes: ['publish'], datasets: [kites] }),
  testContext.key({ scopes: ['publish'], provider: 'edu-310101' }),
  testContext.key({ scopes: ['ingest', 'read-restricted'] }),
])

const at = (dataset: string, edition = '2025') => `/v1/datasets/${dataset}/editions/${edition}`
const take = (dataset: string, rows: string, edition = '2025') =>
  testContext.take({ dataset, edition, rows: `name,size\n${rows}` })
const refusal = async (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: { code: string; detail: object }) => ({ ...error.detail, code: error.code }),
  )

interface Publication {
  readonly id: number
  readonly state: string
  readonly waitsFor: readonly string[]
  readonly sha256: string
  readonly links: { readonly self: string; readonly approval: string; readonly preview: string }
}

/** Sends the request over HTTP, and processes it as the worker would. */
async function requestAs(dataset: string, body: object, key = officer.authorization, edition = '2025') {
  const request = await send('POST', `${at(dataset, edition)}/publications`, key, body)
  if (request.status !== 202) throw new Error(request.text)
  const { id } = request.json<Publication>()
  await publishEdition(context, id)
  const publication = (
    await get(String(request.headers['location']), { authorization: key })
  ).json<Publication>()
  return { request, publication }
}

t.test('a publication waits exactly until its time', async (t) => {
  await take(wells, 'a,1\nb,2\n')
  const moment = '2026-03-02T09:00'
  const { request, publication } = await requestAs(wells, { at: moment })
  t.match(request.json(), { state: 'asked', releaseAt: '2026-03-02T01:00:00.000Z', replaces: null })
  t.match(publication, {
    state: 'prepared',
    waitsFor: ['moment'],
    askedBy: { actor: `key:${officer.id}`, label: 'test' },
    approval: null,
    ended: null,
    links: { approval: null, version: null },
  })
  moveTo('2026-03-02T00:59:59Z')
  t.equal(
    (await publishEdition(context, publication.id)).state,
    'prepared',
    'a job that runs early does nothing',
  )
  const hidden = [
    at(wells),
    `${at(wells)}/versions`,
    `${at(wells)}/versions/1`,
    `${at(wells)}/versions/latest`,
  ]
  for (const url of [...hidden, `/v1/datasets/${wells}/records`]) t.equal((await get(url)).status, 404, url)
  t.notMatch((await get('/v1/datasets')).text, /"edition":"2025"/)
  moveTo('2026-03-02T01:00:00.500Z')
  t.match(await publishEdition(context, publication.id), { state: 'done' })
  t.match((await get(`${at(wells)}/versions/1`)).json(), {
    publishedAt: '2026-03-02T01:00:00.500Z',
    sha256: publication.sha256,
    difference: null,
  })
  t.match((await get(publication.links.self, { authorization: officer.authorization })).json(), {
    state: 'done',
    waitsFor: [],
    links: { version: `${at(wells)}/versions/1` },
  })
  t.equal((await publishEdition(context, publication.id)).state, 'done', 'and once is enough')
})

t.test('a time that is past, too far or malformed is refused, and nothing is requested', async (t) => {
  await take(wells, 'a,1\nb,3\n')
  const before = await context.database.work`SELECT count(*)::int AS n FROM qingdan.publication`
  const cases = [
    ['2026-03-02T09:00', 400, 'moment-past'],
    ['2026-03-01T01:00:00Z', 400, 'moment-past'],
    ['2027-04-01', 400, 'parameter-invalid'],
    ['2026-02-30T09:00', 400, 'body-invalid'],
    ['soon', 400, 'body-invalid'],
  ] as const
  for (const [moment, status, code] of cases) {
    const answer = await send('POST', `${at(wells)}/publications`, officer.authorization, {
      reason: 'Counted again.',
      at: moment,
    })
    t.match({ status: answer.status, ...answer.json<object>() }, { status, code, path: 'at' }, moment)
  }
  t.same(await context.database.work`SELECT count(*)::int AS n FROM qingdan.publication`, before)
})

t.test('a second person approves over HTTP or the command line, and the requester can not', async (t) => {
  await take(kites, 'k,1\n')
  const { publication } = await requestAs(kites, {})
  t.match(publication, { state: 'prepared', waitsFor: ['approval'], approval: { at: null, by: null } })
  const approve = (key: string | undefined, body: object = {}) =>
    send('POST', publication.links.approval, key, body)
  const own = await approve(officer.authorization)
  t.match({ status: own.status, ...own.json<object>() }, { status: 403, code: 'approval-by-asker' })
  const other = await approve(second.authorization, { sha256: 'a'.repeat(64) })
  t.match(other.json(), { code: 'draft-changed', path: 'sha256', sha256: publication.sha256 })
  t.equal((await publishEdition(context, publication.id)).state, 'prepared')
  t.equal((await get(at(kites))).status, 404)
  const good = await approve(second.authorization, { sha256: publication.sha256 })
  t.match(good.json(), { state: 'prepared', waitsFor: [], approval: { by: { actor: `key:${second.id}` } } })
  t.match(await publishEdition(context, publication.id), { state: 'done', approvedBy: `key:${second.id}` })
  t.match((await get(`${at(kites)}/versions/1`)).json(), { sha256: publication.sha256, state: 'published' })
  t.match((await approve(second.authorization)).json(), { code: 'publication-not-waiting', state: 'done' })
  const request = await refusal(testContext.publish(kites, '2025', { reason: 'Nothing new.' }))
  t.match(request, { code: 'nothing-to-publish' })
})

t.test('the command line counts persons too', async (t) => {
  await take(kites, 'k,2\n')
  const waiting = await testContext.publish(kites, '2025', { reason: 'Measured again.', askedBy: 'cli:li' })
  t.equal(waiting.state, 'prepared')
  const { id } = waiting
  t.match(await refusal(approvePublication(context, { id, actor: 'cli:li' })), { code: 'approval-by-asker' })
  t.match(await approvePublication(context, { id, actor: 'cli:wang' }), { approvedBy: 'cli:wang' })
  t.match(await approvePublication(context, { id, actor: 'cli:wang' }), { approvedBy: 'cli:wang' }, 'twice')
  t.match(await refusal(approvePublication(context, { id, actor: 'cli:zhao' })), {
    code: 'publication-not-waiting',
  })
  t.equal((await publishEdition(context, id)).state, 'done')
})

t.test('a repeated request replaces the first, and an approval is void', async (t) => {
  await take(kites, 'k,3\n')
  const first = await requestAs(kites, { reason: 'First try.', at: '2026-05-01' })
  t.same(first.publication.waitsFor, ['moment', 'approval'])
  await approvePublication(context, { id: first.publication.id, actor: 'cli:wang' })
  // A bundle that arrives meanwhile does not change the waiting draft.
  await take(kites, 'k,4\n')
  const same = (
    await get(first.publication.links.self, { authorization: officer.authorization })
  ).json<Publication>()
  t.match(same, { state: 'prepared', sha256: first.publication.sha256, waitsFor: ['moment'] })
  const again = await requestAs(kites, { reason: 'Second try.', at: '2026-05-01' })
  t.match(again.request.json(), { replaces: { id: first.publication.id, approvalVoid: true } })
  t.not(again.publication.sha256, first.publication.sha256)
  t.same(again.publication.waitsFor, ['moment', 'approval'])
  t.match((await get(first.publication.links.self, { authorization: officer.authorization })).json(), {
    state: 'dropped',
    ended: { by: `key:${officer.id}`, reason: 'Requested again; its approval is void.' },
  })
  moveTo('2026-05-02T00:00:00Z')
  t.equal((await publishEdition(context, first.publication.id)).state, 'dropped')
  t.equal(
    (await publishEdition(context, again.publication.id)).state,
    'prepared',
    'the time alone is not enough',
  )
  t.equal((await get(`${at(kites)}/versions/3`)).status, 404)
  await approvePublication(context, { id: again.publication.id, actor: 'cli:wang' })
  t.equal((await publishEdition(context, again.publication.id)).state, 'done')
  t.match((await get(`${at(kites)}/versions/3`)).json(), {
    sha256: again.publication.sha256,
    publishedAt: '2026-05-02T00:00:00.000Z',
  })
})

t.test('a cancelled publication leaves nothing behind, and its number is used again', async (t) => {
  await take(kites, 'k,5\n')
  const { publication } = await requestAs(kites, { reason: 'Too early.' })
  const reason = encodeURIComponent('The figures are not final. 数据未定稿')
  t.equal((await send('DELETE', publication.links.self, officer.authorization)).status, 400)
  const blank = await send('DELETE', `${publication.links.self}?reason=%20`, officer.authorization)
  t.match(blank.json(), { code: 'reason-missing' })
  const dropped = await send('DELETE', `${publication.links.self}?reason=${reason}`, second.authorization)
  t.match(
    { status: dropped.status, ...dropped.json<object>() },
    {
      status: 200,
      state: 'dropped',
      ended: { by: `key:${second.id}`, reason: 'The figures are not final. 数据未定稿' },
    },
  )
  const [left] = await context.database.work`
    SELECT v.state, v.records_table, v.digest, to_regclass('published.v_' || v.id) AS records,
      (SELECT count(*)::int FROM qingdan.distribution d WHERE d.version_id = v.id) AS files
    FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE e.dataset = ${kites} AND v.number = 4`
  t.same(left, { state: 'draft', records_table: null, digest: null, records: null, files: 0 })
  t.same(await context.files.list(`editions/${kites}/2025/v4`), [])
  const repeated = await send('DELETE', `${publication.links.self}?reason=${reason}`, officer.authorization)
  t.match(repeated.json(), { code: 'publication-not-waiting', state: 'dropped' })
  const approval = await send('POST', `${publication.links.self}/approval`, second.authorization, {})
  t.match(approval.json(), { code: 'publication-not-waiting' })
  t.equal((await publishEdition(context, publication.id)).state, 'dropped')
  const again = await requestAs(kites, { reason: 'Final.' })
  t.match(again.publication, { state: 'prepared', version: 4 })
  const all = await get(`${at(kites)}/publications`, { authorization: second.authorization })
  t.equal(all.json<{ data: unknown[] }>().data.length, 6)
})

t.test('keys: none, without the scope, for another dataset, for one provider of several', async (t) => {
  const url = `${at(wells)}/publications`
  const attempts = [
    [undefined, 401, 'key-missing'],
    [reading.authorization, 403, 'scope-missing'],
    [confined.authorization, 403, 'scope-missing'],
    [provider.authorization, 403, 'scope-missing'],
  ] as const
  for (const [key, status, code] of attempts) {
    const headers = key === undefined ? {} : { authorization: key }
    const answers = [
      await send('POST', url, key, {}),
      await get(url, headers),
      await send('POST', `${at(wells)}/versions/1/withdrawal`, key, { reason: 'No.' }),
      await send('DELETE', `${url}/1?reason=No`, key),
    ]
    for (const answer of answers) {
      t.match({ status: answer.status, ...answer.json<object>() }, { status, code })
      t.match(answer.headers['cache-control'], /no-store/)
    }
  }
  t.equal((await get(`${at(kites)}/publications`, { authorization: confined.authorization })).status, 200)
  const elsewhere = await get(`${at(kites)}/publications/1`, { authorization: officer.authorization })
  t.match(
    elsewhere.json(),
    { code: 'publication-not-found' },
    'a publication of another dataset is not found',
  )
})

t.test('invalid bodies are refused, and pages of browsers can not write', async (t) => {
  const url = `${at(wells)}/publications`
  const bodies = [
    [{ reason: '' }, 'body-invalid'],
    [{ reason: 'NUL \u0000' }, 'body-invalid'],
    [{ reason: 'x'.repeat(2_001) }, 'body-invalid'],
    [{ raeson: 'typo' }, 'body-invalid'],
    [{ at: 5 }, 'body-invalid'],
    [{ reason: 'So.', waivers: [{ provider: 'edu-commission', reason: 'Here.' }] }, 'parameter-invalid'],
    [{ reason: 'So.', waivers: [{ provider: 'edu-310199', reason: 'Who?' }] }, 'parameter-invalid'],
  ] as const
  for (const [body, code] of bodies) {
    const answer = await send('POST', url, officer.authorization, body)
    t.match({ status: answer.status, ...answer.json<object>() }, { status: 400, code }, JSON.stringify(body))
  }
  const text = await testContext.app.inject({
    method: 'POST',
    url,
    headers: { authorization: officer.authorization, 'content-type': 'text/plain' },
    payload: '{}',
  })
  t.equal(text.statusCode, 415)
  const bare = await testContext.app.inject({
    method: 'POST',
    url,
    headers: { authorization: officer.authorization },
  })
  t.equal(bare.statusCode, 415)
  const preflight = await testContext.app.inject({
    method: 'OPTIONS',
    url,
    headers: {
      origin: 'https://elsewhere.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  })
  t.equal(preflight.headers['access-control-allow-methods'], 'GET, HEAD, OPTIONS')
  t.notMatch(String(preflight.headers['access-control-allow-headers']), /content-type/i)
})

t.test('a request for an edition that is locked is refused with 409', async (t) => {
  await take(wells, 'a,9\n')
  const answer = await context.database.lock(`edition ${wells} 2025`, () =>
    send('POST', `${at(wells)}/publications`, officer.authorization, { reason: 'Again.' }),
  )
  t.match({ status: answer.status, ...answer.json<object>() }, { status: 409, code: 'edition-busy' })
})

t.test('refusals across the parts have findings', async (t) => {
  const request = await requestPublication(context, {
    dataset: wells,
    edition: '2025',
    reason: 'Mixed.',
    askedBy: `key:${officer.id}`,
  })
  await context.database
    .work`UPDATE qingdan.part SET contract_version = 2 WHERE dataset = ${wells} AND replaced_at IS NULL`
  await publishEdition(context, request.id)
  const publication = await get(`${at(wells)}/publications/${request.id}`, {
    authorization: officer.authorization,
  })
  t.match(publication.json(), { state: 'refused', findings: [{ check: 'contract-version-mixed' }] })
  await context.database.work`UPDATE qingdan.part SET contract_version = 1 WHERE dataset = ${wells}`
})

t.test('a worker that starts resumes waiting publications, also after a missed time', async (t) => {
  const { publication } = await requestAs(wells, {
    reason: 'Counted again.',
    at: '2026-05-03T00:00:00Z',
  })
  t.equal(publication.state, 'prepared')
  // As if the service had been down so long that the queue dropped the job.
  await context.database.work`DELETE FROM pgboss.job`
  moveTo('2026-06-20T05:00:00Z')
  await startJobs(context)
  const done = () => lines.find((line) => /version-published".*"well-register".*"version":2/.test(line))
  while (done() === undefined) await new Promise((resolve) => setImmediate(resolve))
  t.match((await get(`${at(wells)}/versions/2`)).json(), {
    publishedAt: '2026-06-20T05:00:00.000Z',
    difference: { against: 1, added: 0, removed: 1, changed: 1 },
  })
})

t.test('each act is in the audit log, with the actor', async (t) => {
  const acts = await context.database.work<{ act: string }[]>`
    SELECT DISTINCT split_part(actor, ':', 1) || ' ' || action AS act FROM qingdan.audit ORDER BY 1`
  t.same(
    acts.map(({ act }) => act),
    [
      ...['cli key-created', 'cli publication-approved', 'cli publish', 'key publication-approved'],
      ...['key publication-dropped', 'key publish'],
    ],
  )
  const [voided] = await context.database.work`
    SELECT detail FROM qingdan.audit WHERE (detail ->> 'approvalVoid')::boolean`
  t.match(voided?.['detail'], { approvalVoid: true, reason: 'Second try.' })
})
