/**
 * The files of a version over HTTP: each format with its digest, validators and names; and formats that are
 * left out.
 */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { digestOf } from '../../src/platform/digest.ts'
import { contractOf, field } from '../support/fields.ts'
import { startNginx, withoutNginx } from '../support/nginx.ts'
import { openTestContext, sampleRows, type TestContext } from '../support/open-test-context.ts'
import { readParquetFile, rowsOfCsv, rowsOfJson } from '../support/read-back.ts'
import { zipEntries } from '../support/zip-entries.ts'

const dataset = 'fitness-monitoring-centres'
const edition = '2026'

interface Version {
  readonly records: number
  readonly sha256: string
  readonly omitted: readonly { readonly format: string; readonly reason: { zh: string; en: string } }[]
  readonly distributions: readonly {
    readonly name: string
    readonly format: string
    readonly mediaType: string
    readonly bytes: number
    readonly sha256: string
    readonly href: string
  }[]
}

async function publishSample({ take, publish }: TestContext): Promise<void> {
  for (const { provider, rows } of await sampleRows(dataset, edition)) {
    await take({ dataset, edition, provider, contractVersion: 2, rows })
  }
  await publish(dataset, edition)
}

const versionOf = async ({ get }: Pick<TestContext, 'get'>, slug = dataset, number = 1) =>
  (await get(`/v1/datasets/${slug}/editions/${edition}/versions/${number}`)).json<Version>()

t.test('every format of the contract, with its headers and conditional requests', async (t) => {
  const context = await openTestContext(t)
  await publishSample(context)
  const version = await versionOf(context)
  const { contract } = context.context.contracts.get(dataset, 2)
  t.same(version.distributions.map(({ format }) => format).sort(), [...contract.formats].sort())
  t.same(version.omitted, [])
  for (const file of version.distributions) {
    const whole = await context.get(file.href)
    t.equal(whole.status, 200, file.name)
    t.equal(whole.bytes.length, file.bytes)
    t.equal(digestOf(whole.bytes), file.sha256)
    const digest = Buffer.from(file.sha256, 'hex').toString('base64')
    t.match(whole.headers, {
      etag: `"${file.sha256}"`,
      'content-type': file.mediaType,
      'accept-ranges': 'bytes',
      'repr-digest': `sha-256=:${digest}:`,
      'content-disposition': `attachment; filename="${dataset}-2026-v1.${file.format}"; filename*=UTF-8''`,
    })
    t.equal(
      decodeURIComponent(String(whole.headers['content-disposition']).split("UTF-8''")[1] ?? ''),
      `学生体质健康监测中心-2026-v1.${file.format}`,
    )
    const fresh = await context.get(file.href, { 'if-none-match': `"${file.sha256}"` })
    t.match(fresh, { status: 304, text: '', headers: { etag: `"${file.sha256}"` } })
    const part = await context.get(file.href, { range: 'bytes=10-19', 'if-range': `"${file.sha256}"` })
    t.match(part, { status: 206, headers: { 'content-range': `bytes 10-19/${file.bytes}` } })
    t.ok(part.bytes.equals(whole.bytes.subarray(10, 20)))
  }
})

t.test('all formats hold the same records', async (t) => {
  const context = await openTestContext(t)
  await publishSample(context)
  const { records, sha256, distributions } = await versionOf(context)
  const { fields } = context.context.contracts.get(dataset, 2).contract
  const bytes = async (format: string) => {
    const file = distributions.find((one) => one.format === format)
    return (await context.get(file?.href ?? '')).bytes
  }
  const csv = await bytes('csv')
  const rows = rowsOfCsv(csv, fields)
  t.equal(rows.length, records)
  t.ok(gunzipSync(await bytes('csv.gz')).equals(csv))
  t.strictSame(rowsOfJson(JSON.parse(String(await bytes('json'))), fields), rows)
  const lines = String(await bytes('ndjson'))
    .trimEnd()
    .split('\n')
  t.strictSame(
    rowsOfJson(
      lines.map((line) => JSON.parse(line)),
      fields,
    ),
    rows,
  )
  t.strictSame(readParquetFile(await bytes('parquet'), fields).rows, rows)
  const inside = await zipEntries(await bytes('zip'))
  t.ok(inside.get(`data/${dataset}-2026-v1.csv`)?.equals(csv))
  t.match(JSON.parse(String(inside.get('datapackage.json'))), {
    qingdan: { dataset, edition, version: 1, contractVersion: 2, records },
    resources: [{ hash: `sha256:${sha256}` }],
  })
})

t.test('a format that can not represent a version is left out, and the version says so', async (t) => {
  const fields = [
    field('code', 'string', { role: 'key', constraints: { required: true } }),
    field('note', 'string'),
  ]
  const contract = contractOf(fields, ['code'], {
    dataset: 'long-notes',
    themes: ['education'],
    formats: ['csv', 'xlsx', 'parquet'],
  })
  const context = await openTestContext(t, { contracts: [contract] })
  const rowsOf = (length: number) => ({
    ...{ dataset: 'long-notes', edition, provider: 'edu-commission' },
    rows: `code,note\n1,${'长'.repeat(length)}\n`,
  })
  await context.take(rowsOf(32_767))
  await context.publish('long-notes', edition)
  const first = await versionOf(context, 'long-notes')
  t.same(first.omitted, [])
  await context.take(rowsOf(32_768))
  await context.publish('long-notes', edition, { reason: 'a longer note' })
  const second = await versionOf(context, 'long-notes', 2)
  t.match(second.omitted, [{ format: 'xlsx', reason: { zh: /字段 note/, en: /more than 32767 characters/ } }])
  t.same(
    second.distributions.map(({ format }) => format),
    ['csv', 'parquet'],
  )
  const missing = await context.get(
    '/v1/datasets/long-notes/editions/2026/versions/2/files/long-notes-2026-v2.xlsx',
  )
  t.match(missing.json(), { code: 'file-not-found' })
  t.same(
    (await context.context.files.list('editions/long-notes/2026/v2')).map((name) => name.split('.').pop()),
    ['csv', 'parquet'],
    'no partial file remains',
  )
})

t.test(
  'behind nginx the files are sent by nginx, with the same headers',
  { skip: withoutNginx },
  async (t) => {
    const prefix = '/_files'
    const context = await openTestContext(t, { settings: { QINGDAN_ACCEL_PREFIX: prefix } })
    await publishSample(context)
    const service = await context.app.listen({ port: 0, host: '127.0.0.1' })
    const files = join(context.folder, 'var', 'files')
    const nginx = await startNginx({ service, prefix, files })
    t.teardown(nginx.close)
    const { distributions } = await versionOf(context)
    for (const file of distributions) {
      const response = await context.get(file.href)
      t.match(response, { status: 200, text: '' }, 'the service itself sends nothing')
      t.equal(
        response.headers['x-accel-redirect'],
        `${prefix}/editions/${dataset}/${edition}/v1/${file.name}`,
      )
      const get = (headers: Record<string, string>) => requestNginx(nginx.url + file.href, headers)
      const whole = await get({})
      t.equal(digestOf(whole.bytes), file.sha256, file.name)
      for (const name of ['etag', 'repr-digest', 'content-type', 'content-disposition', 'cache-control']) {
        t.equal(whole.headers[name], response.headers[name], name)
      }
      t.equal(whole.headers['accept-ranges'], 'bytes')
      t.equal(whole.headers['x-accel-redirect'], undefined, 'the internal path is not exposed')
      t.equal((await get({ 'if-none-match': `"${file.sha256}"` })).status, 304)
      const part = await get({ range: 'bytes=10-19', 'if-range': `"${file.sha256}"` })
      t.match(part, { status: 206 })
      t.equal(part.headers['content-range'], `bytes 10-19/${file.bytes}`)
      t.ok(part.bytes.equals(whole.bytes.subarray(10, 20)))
      const changed = await get({ range: 'bytes=10-19', 'if-range': '"another"' })
      t.equal(changed.bytes.length, file.bytes, 'another file is sent whole')
      t.equal((await get({ range: `bytes=${file.bytes}-` })).status, 416)
    }
    t.equal(
      (await fetch(`${nginx.url}${prefix}/editions/${dataset}/${edition}/v1/`)).status,
      404,
      'not reachable from outside',
    )
  },
)

/** Over plain HTTP: fetch adds headers of a browser, such as `Cache-Control: no-cache` beside a validator. */
async function requestNginx(url: string, headers: Readonly<Record<string, string>> = {}) {
  const [answer] = (await once(request(url, { headers, agent: false }).end(), 'response')) as [
    IncomingMessage,
  ]
  return { status: answer.statusCode, headers: answer.headers, bytes: await buffer(answer) }
}
