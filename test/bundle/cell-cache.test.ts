import fc from 'fast-check'
import t from 'tap'
import { buildCellCache } from '../../src/bundle/core/cells/cell-cache.ts'

t.test('it has the last cell of each slot, and never one that was not added', async (t) => {
  const text = fc.string({ unit: fc.constantFrom(...'0123-é中'), maxLength: 14 })
  let known = 0
  fc.assert(
    fc.property(fc.array(text, { minLength: 2, maxLength: 60 }), (cells) => {
      const cache = buildCellCache()
      const added = new Set<string>()
      return cells.every((cell) => {
        const bytes = Buffer.from(`,${cell},`)
        const has = cache.has(bytes, 1, bytes.length - 1)
        if (has) known += 1
        const isTrue = !has || added.has(cell)
        cache.add(bytes, 1, bytes.length - 1)
        added.add(cell)
        return isTrue && (bytes.length > 33 || cache.has(bytes, 1, bytes.length - 1))
      })
    }),
    { numRuns: 500 },
  )
  t.ok(known > 100, `${known} were known`)
})

t.test('cells of up to 31 bytes are cached, empty ones too', async (t) => {
  const cache = buildCellCache()
  const bytes = Buffer.from('x'.repeat(40))
  t.equal(cache.has(bytes, 4, 4), false)
  for (const [length, added] of [
    [0, true],
    [31, true],
    [32, false],
  ] as const) {
    cache.add(bytes, 4, 4 + length)
    t.equal(cache.has(bytes, 4, 4 + length), added, `${length} bytes`)
  }
})
