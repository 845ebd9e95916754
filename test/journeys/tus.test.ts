/**
 * A bundle sent in chunks by the tus protocol: resumed after a broken connection, after SIGKILL and after a
 * stop, it is the same bundle; another key sees nothing of it; uploads that are too large, too old or too
 * many are refused.
 */
import { createHash, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { Upload } from 'tus-js-client'
import { buildApp } from '../../src/app.ts'
import { buildContext } from '../../src/context.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import { takeBundle } from '../../src/ingest/index.ts'
import { databaseOptions } from '../support/database.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, zipOf } from '../support/open-test-context.ts'
import { spawnService } from '../support/spawn-service.ts'

const dataset = 'well-register'
const contract = contractOf(
  [
    field('well', 'string', { role: 'key', constraints: { required: true } }),
    field('depth', 'integer', { role: 'measure' }),
  ],
  ['well'],
  { dataset, themes: ['education'], formats: ['csv'] },
)
const bytesMax = 1 << 20
const testContext = await openTestContext(t, {
  contracts: [contract],
  settings: { QINGDAN_BODY_BYTES_MAX: String(bytesMax), QINGDAN_UPLOADS_MAX: '3' },
})
const { app, context, folder } = testContext
const rows = (edition: string, count = 2_000) => ({
  ...{ dataset, edition },
  rows: `well,depth\n${Array.from({ length: count }, (_, n) => `${createHash('md5').update(`${n}`).digest('hex')},${n}\n`).join('')}`,
})
const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const { authorization } = await testContext.key({ scopes: ['ingest'] })
const other = await testContext.key({ scopes: ['ingest'] })
const reader = await testContext.key({ scopes: ['read-restricted'] })

type Headers = Readonly<Record<string, string>>
const ask = async (method: string, url: string, headers: Headers = {}, payload?: Uint8Array) =>
  app.inject({
    method: method as 'GET',
    url,
    headers: { authorization, 'tus-resumable': '1.0.0', ...headers },
    ...(payload === undefined ? {} : { payload: Buffer.from(payload) }),
  })
const create = (headers: Headers) => ask('POST', '/v1/bundles', headers)
const piece = (url: string, offset: number, bytes: Uint8Array, more: Headers = {}) =>
  ask(
    'PATCH',
    url,
    { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream', ...more },
    bytes,
  )
const begin = async (length: number) =>
  String((await create({ 'upload-length': String(length) })).headers['location'])

t.test('OPTIONS describes the protocol, with the headers of all addresses', async (t) => {
  for (const url of ['/v1/bundles', `/v1/bundles/uploads/${'0'.repeat(50)}`]) {
    const { statusCode, headers } = await app.inject({ method: 'OPTIONS', url })
    t.equal(statusCode, 204)
    t.match(headers, {
      'tus-version': '1.0.0',
      'tus-max-size': String(bytesMax),
      'tus-extension': /creation,.*termination,expiration/,
      'x-content-type-options': 'nosniff',
    })
  }
  t.notOk('tus-version' in (await app.inject({ method: 'OPTIONS', url: '/v1/datasets' })).headers)
})

t.test('an empty Upload-Metadata, which tuspy sends, is none', async (t) => {
  const created = await create({ 'upload-length': '5', 'upload-metadata': '' })
  t.equal(created.statusCode, 201, created.body)
  const url = String(created.headers['location'])
  t.notOk('upload-metadata' in (await ask('HEAD', url)).headers)
  t.equal((await ask('DELETE', url)).statusCode, 204)
})

t.test('chunk by chunk, and the response to the last leads to the receipt', async (t) => {
  const zip = await zipOf(folder, rows('2025'))
  const created = await create({
    'upload-length': String(zip.length),
    'upload-metadata': 'filename d2VsbHM=',
  })
  t.equal(created.statusCode, 201, created.body)
  t.match(created.headers, { 'tus-resumable': '1.0.0', 'upload-expires': /GMT$/, 'x-request-id': /./ })
  const url = String(created.headers['location'])
  const first = await piece(url, 0, zip.subarray(0, 1_000))
  t.match(first, { statusCode: 204, headers: { 'upload-offset': '1000' } })
  const state = await ask('HEAD', url)
  t.match(state.headers, {
    ...{ 'upload-offset': '1000', 'upload-length': String(zip.length), 'cache-control': 'no-store' },
    'upload-metadata': 'filename d2VsbHM=',
  })
  t.same((await ask('GET', url)).json(), { offset: 1_000, length: zip.length, bundle: null })
  t.match(await piece(url, 999, zip.subarray(999)), { statusCode: 409, body: /"upload-conflict"/ })
  const last = await piece(url, 1_000, zip.subarray(1_000))
  t.equal(last.statusCode, 204, last.body)
  t.equal(last.headers['qingdan-bundle'], digestOf(zip))
  t.equal(last.headers['link'], `</v1/bundles/${digestOf(zip)}>; rel="describedby"`)
  t.match((await ask('HEAD', url)).headers, {
    'qingdan-bundle': digestOf(zip),
    'upload-offset': `${zip.length}`,
  })
  t.same((await ask('GET', url)).json(), { offset: zip.length, length: zip.length, bundle: digestOf(zip) })
  t.match(await piece(url, zip.length, Buffer.from('x')), { statusCode: 409 })
  t.match(await takeBundle(context, digestOf(zip)), { state: 'staged' })
  t.same((await context.files.list('uploads')).length, 1, 'only the link to its bundle is stored')
  // The same bytes again are the same bundle.
  const again = await begin(zip.length)
  t.equal((await piece(again, 0, zip)).headers['qingdan-bundle'], digestOf(zip))
  t.match((await ask('GET', `/v1/bundles/${digestOf(zip)}`)).json(), { state: 'staged' })
  t.equal((await ask('DELETE', again)).statusCode, 204)
  t.equal((await ask('HEAD', again)).statusCode, 404)
  t.match((await ask('GET', `/v1/bundles/${digestOf(zip)}`)).json(), { state: 'staged' }, 'the bundle stays')
})

t.test('all at once with the creation, and a deferred length', async (t) => {
  const zip = await zipOf(folder, rows('2026', 10))
  const whole = await ask(
    'POST',
    '/v1/bundles',
    { 'upload-length': String(zip.length), 'content-type': 'application/offset+octet-stream' },
    zip,
  )
  t.match(whole, { statusCode: 201, headers: { 'qingdan-bundle': digestOf(zip) } })
  const later = String((await create({ 'upload-defer-length': '1' })).headers['location'])
  t.match((await ask('HEAD', later)).headers, { 'upload-defer-length': '1', 'upload-offset': '0' })
  t.equal((await piece(later, 0, zip.subarray(0, 100))).statusCode, 204)
  const last = await piece(later, 100, zip.subarray(100), { 'upload-length': String(zip.length) })
  t.equal(last.headers['qingdan-bundle'], digestOf(zip))
})

t.test('an upload belongs to its key', async (t) => {
  const url = await begin(100)
  for (const method of ['GET', 'HEAD', 'PATCH', 'DELETE']) {
    const headers = { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' }
    const theirs = method === 'PATCH' ? headers : {}
    const outcome = await ask(method, url, { authorization: other.authorization, ...theirs })
    t.equal(outcome.statusCode, 404, method)
    const narrow = await ask(method, url, { authorization: reader.authorization, ...theirs })
    t.equal(narrow.statusCode, 403, method)
  }
  const without = await app.inject({
    method: 'POST',
    url: '/v1/bundles',
    headers: { 'tus-resumable': '1.0.0' },
  })
  t.equal(without.statusCode, 401)
  t.equal((await ask('DELETE', url)).statusCode, 204)
  t.equal((await ask('DELETE', url)).statusCode, 404)
})

t.test('limits, on both sides', async (t) => {
  const largest = await create({ 'upload-length': String(bytesMax) })
  t.equal(largest.statusCode, 201)
  t.match(await create({ 'upload-length': String(bytesMax + 1) }), {
    statusCode: 413,
    body: /"body-too-large"/,
  })
  const open = String(largest.headers['location'])
  const later = String((await create({ 'upload-defer-length': '1' })).headers['location'])
  t.match(await piece(later, 0, Buffer.alloc(bytesMax + 1)), { statusCode: 413 })
  t.match(await piece(later, 0, Buffer.alloc(1), { 'upload-length': String(bytesMax + 1) }), {
    statusCode: 413,
  })
  t.match(await piece(later, 0, Buffer.alloc(1), { 'upload-length': String(bytesMax) }), { statusCode: 204 })
  t.match(await piece(open, 0, Buffer.alloc(10)), { statusCode: 204 })
  const third = await begin(5)
  t.match(await piece(third, 0, Buffer.alloc(6)), { statusCode: 413 }, 'more than the announced length')
  t.match(await create({ 'upload-length': '5' }), { statusCode: 409, body: /"uploads-too-many"/ })
  const theirs = await ask('POST', '/v1/bundles', {
    authorization: other.authorization,
    'upload-length': '5',
  })
  t.equal(theirs.statusCode, 201, 'each key has its own limit')
  for (const url of [open, later, third]) t.equal((await ask('DELETE', url)).statusCode, 204)
})

t.test('violations of the protocol are problems', async (t) => {
  const url = await begin(10)
  const wrong: readonly [string, string, Headers, number, string][] = [
    ['POST', '/v1/bundles', { 'tus-resumable': '0.2.2', 'upload-length': '5' }, 412, 'upload-version'],
    ['POST', '/v1/bundles', {}, 400, 'upload-invalid'],
    ['POST', '/v1/bundles', { 'upload-length': '-1' }, 400, 'upload-invalid'],
    ['POST', '/v1/bundles', { 'upload-length': '5', 'upload-metadata': '§' }, 400, 'upload-invalid'],
    ['POST', '/v1/bundles', { 'upload-length': '5', 'upload-concat': 'partial' }, 400, 'upload-invalid'],
    ['PATCH', url, { 'content-type': 'application/offset+octet-stream' }, 400, 'upload-invalid'],
    ['HEAD', url, { 'tus-resumable': '2.0.0' }, 412, ''],
    ['PATCH', url, { 'content-type': 'text/plain', 'upload-offset': '0' }, 415, 'media-type-unsupported'],
    ['GET', `/v1/bundles/uploads/${'0'.repeat(50)}`, {}, 404, 'upload-not-found'],
    ['GET', '/v1/bundles/uploads/..%2F..%2Fx', {}, 400, 'parameter-invalid'],
  ]
  for (const [method, to, headers, status, code] of wrong) {
    const outcome = await ask(method, to, headers, method === 'PATCH' ? Buffer.from('x') : undefined)
    t.equal(outcome.statusCode, status, `${method} ${JSON.stringify(headers)} ${outcome.body}`)
    if (code !== '') t.match(outcome.json(), { code })
  }
  t.equal((await ask('DELETE', url)).statusCode, 204)
  const plain = await app.inject({
    method: 'POST',
    url: '/v1/bundles',
    headers: { authorization, 'content-type': 'application/offset+octet-stream' },
    payload: Buffer.from('x'),
  })
  t.equal(plain.statusCode, 415, 'a chunk without an upload')
})

t.test('an unfinished upload expires, and a complete one that a crash left is received', async (t) => {
  const { 'upload-expires': expires, location } = (await create({ 'upload-length': '10' })).headers
  const url = String(location)
  const hours = (Date.parse(String(expires)) - Date.now()) / 3_600_000
  t.ok(hours > 47.9 && hours <= 48, 'after the hours of the setting')
  const about = join(folder, 'var', 'files', 'uploads', `${url.split('/').at(-1)}.json`)
  const outcome = JSON.parse(await readFile(about, 'utf8')) as object
  const aged = (milliseconds: number) =>
    writeFile(
      about,
      JSON.stringify({ ...outcome, creation_date: new Date(Date.now() - milliseconds).toISOString() }),
    )
  await aged(48 * 3_600_000 - 60_000)
  t.equal((await piece(url, 0, Buffer.from('x'))).statusCode, 204, 'a minute before')
  await aged(48 * 3_600_000 + 1_000)
  t.match(await piece(url, 1, Buffer.from('x')), { statusCode: 410, body: /"upload-gone"/ })
  t.match(await ask('GET', url), { statusCode: 410 })

  const zip = await zipOf(folder, rows('2027', 10))
  const left = await begin(zip.length)
  const id = left.split('/').at(-1) ?? ''
  // The state after a crash right behind the last byte.
  await writeFile(join(folder, 'var', 'files', 'uploads', id), zip)
  t.match((await ask('HEAD', left)).headers, { 'qingdan-bundle': digestOf(zip) })
})

/** A raw connection, so that the test decides what is sent and when it breaks. */
const sendPart = (base: string, url: string, length: number, part: Uint8Array, headers: Headers) => {
  const chunk = httpRequest(new URL(url, base), {
    method: 'PATCH',
    headers: {
      ...{ authorization, 'tus-resumable': '1.0.0', 'upload-offset': '0', ...headers },
      ...{ 'content-type': 'application/offset+octet-stream', 'content-length': String(length) },
    },
  })
  chunk.on('error', () => undefined)
  chunk.write(part)
  return chunk
}

const offsetAt = async (base: string, url: string) => {
  const outcome = await fetch(new URL(url, base), {
    method: 'HEAD',
    headers: { authorization, 'tus-resumable': '1.0.0' },
  })
  return Number(outcome.headers.get('upload-offset'))
}

/** Waits until this many bytes of an upload are in the folder. */
const until = async (path: string, bytes: number) => {
  for (;;) {
    if ((await readFile(path).catch(() => Buffer.alloc(0))).length >= bytes) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

t.test('after a broken connection, a stop and a SIGKILL it is resumed where it was', async (t) => {
  const zip = Buffer.concat([await zipOf(folder, rows('2028', 10_000))])
  const half = zip.length >> 1
  const uploads = join(folder, 'var', 'files', 'uploads')
  const one = await spawnService(t, testContext.environment)
  const creation = await fetch(`${one.base}/v1/bundles`, {
    method: 'POST',
    headers: { authorization, 'tus-resumable': '1.0.0', 'upload-length': String(zip.length) },
  })
  const url = new URL(creation.headers.get('location') ?? '', one.base).pathname
  const stored = join(uploads, url.split('/').at(-1) ?? '')
  const broken = sendPart(one.base, url, zip.length, zip.subarray(0, 1_000), {})
  await until(stored, 1_000)
  broken.destroy()
  t.equal(await offsetAt(one.base, url), 1_000, 'a broken connection keeps the received bytes')

  const remaining = sendPart(one.base, url, zip.length - 1_000, zip.subarray(1_000, half), {
    'upload-offset': '1000',
  })
  await until(stored, half)
  const answered = new Promise<string>((resolve) => {
    remaining.on('response', (response) => resolve(String(response.headers['upload-offset'])))
    remaining.on('error', () => resolve('none'))
  })
  t.equal((await one.stop()).code, 0, 'SIGTERM does not wait for the sender')
  t.equal(await answered, String(half), 'the client asks for the offset')

  const two = await spawnService(t, testContext.environment)
  t.equal(await offsetAt(two.base, url), half)
  sendPart(two.base, url, zip.length - half, zip.subarray(half, half + 500), {
    'upload-offset': String(half),
  })
  await until(stored, half + 500)
  await two.kill()

  const three = await spawnService(t, testContext.environment)
  const at = await offsetAt(three.base, url)
  t.equal(at, half + 500, 'SIGKILL keeps the received bytes')
  const bundle = await new Promise<string | undefined>((resolve, reject) => {
    new Upload(zip, {
      uploadUrl: new URL(url, three.base).href,
      chunkSize: 4_096,
      headers: { authorization },
      onError: reject,
      onSuccess: ({ lastResponse }) => resolve(lastResponse.getHeader('Qingdan-Bundle')),
    }).start()
  })
  t.equal(bundle, digestOf(zip), 'an independent client sends the rest')
  // Bundles of earlier services may be processed first.
  await three.line(
    ({ event, state, bundle: id }) => event === 'bundle-state-changed' && state === 'staged' && id === bundle,
  )
  const receipt = await fetch(`${three.base}/v1/bundles/${bundle}`, { headers: { authorization } })
  t.match(await receipt.json(), { id: digestOf(zip), state: 'staged', bytes: zip.length })
  t.equal((await three.stop()).code, 0)
})

t.test('the ids of uploads can not be guessed', async (t) => {
  const urls = await Promise.all([begin(5), begin(5)])
  t.equal(new Set(urls).size, 2)
  const [url = ''] = urls
  const wrong = url.slice(0, -32) + randomBytes(16).toString('hex')
  t.equal((await ask('GET', wrong)).statusCode, 404)
})

t.test('two services on one folder and database take turns with the pieces of one upload', async (t) => {
  const database = await openDatabase(databaseOptions(testContext.url))
  const { config, contracts, clock, observe, observeAs, metrics } = context
  const second = await buildContext({ config, contracts, clock, observe, observeAs, metrics, database })
  const secondApp = await buildApp(second)
  t.teardown(async () => {
    await secondApp.close()
    await second.close()
  })
  const zip = await zipOf(folder, rows('2031'))
  const url = await begin(zip.length)
  await piece(url, 0, zip.subarray(0, 1_000))
  const id = url.split('/').at(-1)
  let isReleased = false
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = () => {
      isReleased = true
      resolve()
    }
  })
  let isLocked = () => {}
  const locked = new Promise<void>((resolve) => {
    isLocked = resolve
  })
  // As a request at the first service holds it.
  const holder = context.database.lock(`upload ${id}`, () => {
    isLocked()
    return held
  })
  await locked
  const last = secondApp
    .inject({
      method: 'PATCH',
      url,
      headers: {
        ...{ authorization, 'tus-resumable': '1.0.0', 'upload-offset': '1000' },
        'content-type': 'application/offset+octet-stream',
      },
      payload: zip.subarray(1_000),
    })
    .then((answer) => ({ answer, afterRelease: isReleased }))
  await testContext.get('/v1/datasets')
  release()
  await holder
  const { answer, afterRelease } = await last
  t.ok(afterRelease, 'the second service waits')
  t.equal(answer.statusCode, 204, answer.body)
  t.equal(answer.headers['qingdan-bundle'], digestOf(zip))
  t.same((await ask('GET', url)).json(), { offset: zip.length, length: zip.length, bundle: digestOf(zip) })
})
