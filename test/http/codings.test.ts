/** Which coding a caller gets, for every form of `Accept-Encoding`. */

import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { codingOf, compress, createCompressor } from '../../src/http/cache/codings.ts'
import { compressedBytesMin } from '../../src/http/hooks/compression.ts'
import { unconnectedContext } from '../support/unconnected-context.ts'

t.test('the best coding by quality; of equal ones brotli', async (t) => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['gzip', 'gzip'],
    ['br', 'br'],
    ['GZIP', 'gzip'],
    ['gzip, deflate, br, zstd', 'br'],
    ['deflate, gzip', 'gzip'],
    ['gzip;q=1.0, br;q=0.5', 'gzip'],
    ['br;q=0.5 , gzip ; q=0.1', 'br'],
    ['*', 'br'],
    ['br;q=0, *', 'gzip'],
    ['gzip;q=0', undefined],
    ['*;q=0', undefined],
    ['identity', undefined],
    ['identity, gzip;q=0.5', undefined],
    ['identity;q=0', undefined],
    ['identity;q=0, gzip', 'gzip'],
    ['deflate', undefined],
    ['zstd', undefined],
    ['', undefined],
    [',,;q=,', undefined],
    ['gzip;q=x', undefined],
    ['gzipped', undefined],
    [`${'x,'.repeat(5_000)}gzip`, 'gzip'],
  ]
  t.same(
    cases.map(([header]) => [header, codingOf(header)]),
    cases,
  )
  t.equal(codingOf(undefined), undefined)
  t.equal(codingOf('gzip, br', ['gzip']), 'gzip', 'only what is offered')
  t.equal(codingOf('br', ['gzip']), undefined)
  t.equal(codingOf('gzip, br', []), undefined)
})

t.test('bodies and streams decompress to what was compressed', async (t) => {
  const bytes = Buffer.from('体质健康,1\n'.repeat(10_000))
  for (const [coding, expand] of [
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
  ] as const) {
    const coded = await compress(bytes, coding)
    t.ok(expand(coded).equals(bytes), coding)
    t.ok(coded.length < bytes.length / 10)
    const streamed = Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]).pipe(createCompressor(coding))
    t.ok(expand(await buffer(streamed)).equals(bytes), `${coding} as a stream`)
  }
})

t.test('texts of a kilobyte and more are compressed, other media are not', async (t) => {
  const app = await buildApp(unconnectedContext().context)
  t.teardown(() => app.close())
  app.get('/test/body', { config: { openQuery: true } }, async (request, reply) => {
    const { bytes, type } = request.query as { readonly bytes: string; readonly type: string }
    return reply.type(type).send(Buffer.alloc(Number(bytes), 97))
  })
  const codingOfBody = async (bytes: number, type: string) => {
    const url = `/test/body?bytes=${bytes}&type=${encodeURIComponent(type)}`
    const { headers } = await app.inject({ url, headers: { 'accept-encoding': 'gzip' } })
    return headers['content-encoding']
  }
  t.equal(await codingOfBody(compressedBytesMin - 1, 'text/csv'), undefined)
  const types = [
    'text/csv',
    'application/json',
    'application/ld+json; charset=utf-8',
    'image/svg+xml',
    'text/turtle',
  ]
  for (const type of types) t.equal(await codingOfBody(compressedBytesMin, type), 'gzip', type)
  const others = ['application/zip', 'image/png', 'text/event-stream', 'application/octet-stream']
  for (const type of others) t.equal(await codingOfBody(compressedBytesMin, type), undefined, type)
})
