/**
 * Hostile requests to the addresses of files, records and bundles: each response has its right status, none
 * is a 500.
 */
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const dataset = 'lamp-register'
const required = { constraints: { required: true } }
const contract = contractOf(
  [field('lamp', 'string', { role: 'key', ...required }), field('lit', 'boolean')],
  ['lamp'],
  { dataset, themes: ['education'] },
)
const testContext = await openTestContext(t, { contracts: [contract] })
const { app, bring, findingsOf, get, key, lines, publish, take } = testContext
const text = 'lamp,lit\na,true\nb,\n'
await take({ dataset, edition: '2025', rows: text })
await publish(dataset, '2025')
const file = `/v1/datasets/${dataset}/editions/2025/versions/1/files/${dataset}-2025-v1.csv`

t.test('ranges follow RFC 9110', async (t) => {
  const last = text.length - 1
  const parts: readonly [string, number, number][] = [
    ['bytes=0-0', 0, 0],
    ['bytes=-1', last, last],
    ['bytes=5-', 5, last],
    ['bytes=-9999', 0, last],
    ['bytes=-99999999999999999999999', 0, last],
    ['bytes=2-99999999999999999999999', 2, last],
  ]
  for (const [range, start, end] of parts) {
    const answer = await get(file, { range })
    t.equal(answer.status, 206, range)
    t.equal(answer.headers['content-range'], `bytes ${start}-${end}/${text.length}`, range)
    t.equal(answer.text, text.slice(start, end + 1), range)
  }
  for (const range of [
    'bytes=5-2',
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'items=0-1',
    'bytes=0-1,4-5',
    'bytes=1e1-',
  ]) {
    const answer = await get(file, { range })
    t.equal(answer.status, 200, range)
    t.equal(answer.text, text, range)
  }
  const many = `bytes=${Array.from({ length: 1_000 }, (_, index) => `${index}-${index}`).join()}`
  t.equal((await get(file, { range: many })).status, 200, 'a thousand ranges are ignored')
  for (const range of ['bytes=-0', 'bytes=9999-', 'bytes=99999999999999999999999-']) {
    const answer = await get(file, { range })
    t.match(answer.json(), { status: 416, code: 'range-not-satisfiable' }, range)
    t.equal(answer.headers['content-range'], `bytes */${text.length}`, range)
    t.notOk('repr-digest' in answer.headers, 'the digest is not that of the error body')
  }
  const head = await app.inject({ method: 'HEAD', url: file, headers: { range: 'bytes=0-0' } })
  t.equal(head.statusCode, 200, 'ranges are for GET alone')
  t.equal(head.headers['content-length'], String(text.length))
})

t.test('preconditions of a file or page are checked before it is read', async (t) => {
  for (const url of [file, `/v1/datasets/${dataset}/records`, `/v1/datasets/${dataset}/contracts/1`]) {
    const { headers } = await get(url)
    const etag = String(headers['etag'])
    for (const good of [etag, '*', ` "a" , ${etag}`]) {
      t.equal((await get(url, { 'if-match': good })).status, 200, `${url} ${good}`)
    }
    for (const bad of ['"a"', `W/${etag}`, '', 'a', '"*"', etag.slice(1)]) {
      const answer = await get(url, { 'if-match': bad, 'if-none-match': etag, range: 'bytes=9999-' })
      t.match(answer.json(), { status: 412, code: 'precondition-failed', path: 'If-Match' }, `${url} ${bad}`)
    }
    t.equal((await get(url, { 'if-match': etag, 'if-none-match': etag })).status, 304, 'both are checked')
    t.equal((await get(url, { 'if-none-match': '*' })).status, 304)
    t.equal((await get(url, { 'if-none-match': `"a", W/${etag}` })).status, 304, 'weakly compared')
    t.equal((await get(url, { 'if-none-match': '"a"' })).status, 200)
    t.equal((await get(url, { 'if-unmodified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' })).status, 200)
  }
  t.equal(
    (await get('/v1/datasets/none/records', { 'if-match': '"a"' })).status,
    404,
    'a missing dataset has no tag',
  )
})

t.test('names of members of Object.prototype are not values', async (t) => {
  for (const name of ['constructor', 'toString', '__proto__']) {
    const answer = await get(`/v1/datasets/${dataset}/records?lit=${name}`)
    t.match(answer.json(), { status: 400, code: 'parameter-invalid', path: 'lit' }, name)
    const receipt = await bring({ dataset, edition: '2025', rows: `lamp,lit\n${name},${name}\n` })
    t.match(await findingsOf(receipt), [{ check: 'type', cell: 'B2' }])
  }
})

t.test('a bundle is accepted as a ZIP and as nothing else', async (t) => {
  const { authorization } = await key({ scopes: ['ingest'] })
  const bodies = [
    ['application/json', '{}'],
    ['application/json', 'null'],
    ['application/json', '[]'],
    ['text/plain', 'PK'],
    ['multipart/form-data', 'PK'],
  ]
  for (const [type = '', payload = ''] of bodies) {
    const headers = { authorization, 'content-type': type }
    const answer = await app.inject({ method: 'POST', url: '/v1/bundles', headers, payload })
    t.match(answer.json(), { status: 415, code: 'media-type-unsupported' }, `${type} ${payload}`)
  }
})

t.test('an aborted upload leaves nothing behind', async (t) => {
  const { authorization } = await key({ scopes: ['ingest'] })
  const address = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const began = () => readdir(join(testContext.folder, 'var/files/.unfinished'))
  const until = async (isSo: () => boolean | Promise<boolean>) => {
    while (!(await isSo())) await new Promise(setImmediate)
  }
  const sockets = Array.from({ length: 10 }, () => {
    const socket = connect(Number(address.port), address.hostname)
    socket.write(
      `POST /v1/bundles HTTP/1.1\r\nHost: test\r\nAuthorization: ${authorization}\r\n` +
        'Content-Type: application/zip\r\nContent-Length: 100000\r\n\r\nPK',
    )
    return socket
  })
  await until(async () => (await began()).length === sockets.length)
  for (const socket of sockets) socket.destroy()
  const aborted = () => lines.filter((line) => line.includes('stream-aborted')).length
  await until(async () => aborted() === sockets.length && (await began()).length === 0)
  t.equal(aborted(), sockets.length)
})

t.test('none of it was a server error', async (t) => {
  t.same(
    lines.filter((line) => line.includes('request-failed')),
    [],
  )
})
