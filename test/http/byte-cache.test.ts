/**
 * The byte cache: both sides of each limit, one computation for concurrent requests, no caching of failures.
 */
import t from 'tap'
import { buildByteCache, type CachedBody } from '../../src/http/cache/byte-cache.ts'

/** The overhead of an entry with a name of one letter and no headers. */
const overhead = 402
const answer = (bytes: Buffer | string): CachedBody => ({ bytes: Buffer.from(bytes), headers: {} })
const bytesOf = (size: number) => async () => answer(Buffer.alloc(size))
const textOf = ({ bytes }: CachedBody) => bytes.toString()

t.test('the bytes stay within the limit, and the least recently used entry is evicted', async (t) => {
  const size = 1_000
  const { cache } = buildByteCache(10 * (size + overhead))
  for (const name of 'abcdefghij') await cache.get(name, bytesOf(size))
  t.ok(
    [...'abcdefghij'].every((name) => cache.find(name)?.bytes.length === size),
    'ten entries fit exactly',
  )
  t.ok(cache.find('a'), 'this one is now the most recently used')
  await cache.get('k', bytesOf(size))
  t.equal(cache.find('b'), undefined, 'the eleventh evicts one')
  t.ok(cache.find('a') && cache.find('k'))
})

t.test('a response larger than an eighth of the cache is returned but not cached', async (t) => {
  const { cache } = buildByteCache(8 * 10_000)
  await cache.get('a', bytesOf(10_000 - overhead))
  await cache.get('b', bytesOf(10_001 - overhead))
  t.ok(cache.find('a'))
  t.equal(cache.find('b'), undefined)
})

t.test('what is kept only if repeated is kept when it is computed the second time', async (t) => {
  const { cache, clear } = buildByteCache(1_000_000)
  let computed = 0
  const get = async () => textOf(await cache.get('a', async () => answer(String(++computed)), 'if-repeated'))
  t.same([await get(), await get(), await get(), await get()], ['1', '2', '2', '2'])
  clear()
  t.same([await get(), await get(), await get()], ['3', '4', '4'], 'a change forgets the names too')
})

t.test(
  'with a limit of 0 nothing is cached, but concurrent requests still share one computation',
  async (t) => {
    const { cache } = buildByteCache(0)
    let computed = 0
    const make = async () => answer(String(++computed))
    const both = await Promise.all([cache.get('a', make), cache.get('a', make)])
    t.same(both.map(textOf), ['1', '1'])
    t.equal(textOf(await cache.get('a', make)), '2')
  },
)

t.test('a failure rejects for all waiting requests, and the next request tries again', async (t) => {
  const { cache } = buildByteCache(1_000_000)
  let attempts = 0
  const fail = async () => {
    attempts += 1
    throw new Error('the database is away')
  }
  const all = await Promise.allSettled(Array.from({ length: 100 }, () => cache.get('a', fail)))
  t.ok(all.every(({ status }) => status === 'rejected'))
  t.equal(attempts, 1)
  t.equal(textOf(await cache.get('a', async () => answer('well'))), 'well')
})

t.test('a computation begun before a change is not cached after it', async (t) => {
  const { cache, clear } = buildByteCache(1_000_000)
  let end = (_answer: CachedBody): void => undefined
  const earlier = cache.get('a', () => new Promise((resolve) => (end = resolve)))
  await cache.get('b', bytesOf(10))
  clear()
  t.equal(cache.find('b'), undefined)
  end(answer('old'))
  t.equal(textOf(await earlier), 'old', 'the request from before the change is answered')
  t.equal(cache.find('a'), undefined)
})
