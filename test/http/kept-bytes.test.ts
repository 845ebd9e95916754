/** Bytes that are kept: both sides of each limit, one making for many who ask, and nothing of what fails. */
import t from 'tap'
import { buildByteCache, type CachedBody } from '../../src/http/cache/byte-cache.ts'

/** An entry's own share beside its bytes, its name of one letter and no headers. */
const beside = 402
const answer = (bytes: Buffer | string): CachedBody => ({ bytes: Buffer.from(bytes), headers: {} })
const bytesOf = (size: number) => async () => answer(Buffer.alloc(size))
const textOf = ({ bytes }: CachedBody) => bytes.toString()

t.test('no more bytes are kept than the limit, and what was wanted longest ago goes first', async (t) => {
  const size = 1_000
  const { kept } = buildByteCache(10 * (size + beside))
  for (const name of 'abcdefghij') await kept.get(name, bytesOf(size))
  t.ok(
    [...'abcdefghij'].every((name) => kept.find(name)?.bytes.length === size),
    'ten fit to the byte',
  )
  t.ok(kept.find('a'), 'which makes it the one wanted last')
  await kept.get('k', bytesOf(size))
  t.equal(kept.find('b'), undefined, 'the eleventh puts out one')
  t.ok(kept.find('a') && kept.find('k'))
})

t.test('an answer larger than an eighth of the whole is given, and not kept', async (t) => {
  const { kept } = buildByteCache(8 * 10_000)
  await kept.get('a', bytesOf(10_000 - beside))
  await kept.get('b', bytesOf(10_001 - beside))
  t.ok(kept.find('a'))
  t.equal(kept.find('b'), undefined)
})

t.test('with a limit of 0 nothing is kept, and equal ones are still made once', async (t) => {
  const { kept } = buildByteCache(0)
  let made = 0
  const make = async () => answer(String(++made))
  const both = await Promise.all([kept.get('a', make), kept.get('a', make)])
  t.same(both.map(textOf), ['1', '1'])
  t.equal(textOf(await kept.get('a', make)), '2')
})

t.test('what fails is told to all who wait, and tried again by the next', async (t) => {
  const { kept } = buildByteCache(1_000_000)
  let attempts = 0
  const fail = async () => {
    attempts += 1
    throw new Error('the database is away')
  }
  const all = await Promise.allSettled(Array.from({ length: 100 }, () => kept.get('a', fail)))
  t.ok(all.every(({ status }) => status === 'rejected'))
  t.equal(attempts, 1)
  t.equal(textOf(await kept.get('a', async () => answer('well'))), 'well')
})

t.test('what a change clears does not come back with what was begun before it', async (t) => {
  const { kept, clear } = buildByteCache(1_000_000)
  let end = (_answer: CachedBody): void => undefined
  const begun = kept.get('a', () => new Promise((resolve) => (end = resolve)))
  await kept.get('b', bytesOf(10))
  clear()
  t.equal(kept.find('b'), undefined)
  end(answer('old'))
  t.equal(textOf(await begun), 'old', 'who asked before it is answered')
  t.equal(kept.find('a'), undefined)
})
