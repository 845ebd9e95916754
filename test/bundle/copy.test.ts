import fc from 'fast-check'
import t from 'tap'
import { buildFindingSink, encodeCopy } from '../../src/bundle/index.ts'
import type { Finding } from '../../src/platform/finding.ts'
import { decodeCopy } from '../support/copy-text.ts'

t.test('extremes are encoded as COPY reads them', async (t) => {
  t.equal(encodeCopy([['a', null, '']]), 'a\t\\N\t\n')
  t.equal(encodeCopy([['\\N', '\\.', 'N']]), '\\\\N\t\\\\.\tN\n')
  t.equal(encodeCopy([['\t\n\r\b\f\v\\']]), '\\t\\n\\r\\b\\f\\v\\\\\n')
  t.equal(
    encodeCopy([
      ['😀', '中文'],
      ['\u2028', '"'],
    ]),
    '😀\t中文\n\u2028\t"\n',
  )
  t.equal(encodeCopy([]), '')
})

t.test('encoded values are decoded unchanged', async (t) => {
  const sign = fc.constantFrom('\\', '\t', '\n', '\r', 'N', 'n', '.', '😀', '\b', '\v', '\f', '中')
  const value = fc.option(fc.oneof(fc.string({ unit: sign }), fc.string({ unit: 'grapheme' })))
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(fc.array(value, { minLength: 1, maxLength: 4 })), (rows) => {
        return JSON.stringify(decodeCopy(encodeCopy(rows))) === JSON.stringify(rows)
      }),
    ),
  )
})

t.test('a sink keeps the first findings and counts all, by check and severity', async (t) => {
  const sink = buildFindingSink(2)
  const add = (check: string, severity: Finding['severity']) =>
    sink.add({ check, severity, message: '', messageZh: '' })
  add('a', 'error')
  add('b', 'warning')
  add('a', 'error')
  add('a', 'warning')
  t.same(
    sink.findings().map(({ check }) => check),
    ['a', 'b'],
  )
  t.same(sink.counts(), {
    errors: 2,
    warnings: 2,
    byCheck: { a: { errors: 2, warnings: 1 }, b: { errors: 0, warnings: 1 } },
  })
})
