import fc from 'fast-check'
import t from 'tap'
import { buildCellCache } from '../../src/bundle/core/cells/cell-cache.ts'

t.test('it has what was kept last in its place, and never what was not', async (t) => {
  const text = fc.string({ unit: fc.constantFrom(...'0123-é中'), maxLength: 14 })
  let known = 0
  fc.assert(
    fc.property(fc.array(text, { minLength: 2, maxLength: 60 }), (cells) => {
      const standing = buildCellCache()
      const kept = new Set<string>()
      return cells.every((cell) => {
        const bytes = Buffer.from(`,${cell},`)
        const has = standing.has(bytes, 1, bytes.length - 1)
        if (has) known += 1
        const isTrue = !has || kept.has(cell)
        standing.add(bytes, 1, bytes.length - 1)
        kept.add(cell)
        return isTrue && (bytes.length > 33 || standing.has(bytes, 1, bytes.length - 1))
      })
    }),
    { numRuns: 500 },
  )
  t.ok(known > 100, `${known} were known`)
})

t.test('cells up to 31 bytes are kept, and none is too', async (t) => {
  const standing = buildCellCache()
  const bytes = Buffer.from('x'.repeat(40))
  t.equal(standing.has(bytes, 4, 4), false)
  for (const [length, kept] of [
    [0, true],
    [31, true],
    [32, false],
  ] as const) {
    standing.add(bytes, 4, 4 + length)
    t.equal(standing.has(bytes, 4, 4 + length), kept, `${length} bytes`)
  }
})
