/** Which coding a caller gets, for every form of `Accept-Encoding`. */

import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import t from 'tap'
import { codingOf, compress, createCompressor } from '../../src/http/cache/codings.ts'

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
