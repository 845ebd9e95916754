import fc from 'fast-check'
import t from 'tap'
import { buildBytePattern } from '../../src/bundle/core/cells/byte-pattern.ts'
import { runs } from '../support/runs.ts'

const test = (pattern: string, text: string) => {
  const bytes = Buffer.from(`x${text}x`)
  return buildBytePattern(pattern)?.(bytes, 1, bytes.length - 1)
}

t.test('simple patterns are supported, others are not', async (t) => {
  for (const plain of [
    ...['^\\d{6}-\\d{4,7}-\\d{1,2}$', '^[A-Z]+\\.\\d*$', '^a?b{2,}$', '^$', '^[a-z][0-9]?[.+-]{0,3}$'],
    ...['^[-a]$', '^[a-]$', '^\\d+[a-f]*-$'],
  ])
    t.type(buildBytePattern(plain), 'function', plain)
  for (const other of [
    ...[
      '\\d{6}',
      '^\\d{6}',
      '\\d{6}$',
      '^a|b$',
      '^(ab)+$',
      '^.$',
      '^[^a]$',
      '^\\w$',
      '^\\S+$',
      '^中$',
      '^a{,2}$',
    ],
    // One step matches what a later one may need.
    ...['^\\d+\\d$', '^[a-z]*-?[x]$', '^\\d?\\d?$'],
  ])
    t.equal(buildBytePattern(other), undefined, other)
})

t.test('counts at both bounds', async (t) => {
  const pattern = '^\\d{6}-\\d{4,7}$'
  for (const text of ['310101-0001', '310101-0000001']) t.equal(test(pattern, text), true)
  for (const text of ['310101-001', '310101-00000001', '31010-0001', '310101-0001 ', '', '３10101-0001'])
    t.equal(test(pattern, text), false)
})

t.test('results equal those of the regular expression', async (t) => {
  const sign = fc.constantFrom('\\d', '[a-c]', '[b-d-]', '[0-4]', 'a', '-', '\\.', 'e')
  const often = fc.constantFrom('', '?', '*', '+', '{2}', '{1,3}', '{0,2}', '{2,}')
  const patterns = fc
    .array(fc.tuple(sign, often), { maxLength: 5 })
    .map((steps) => `^${steps.flat().join('')}$`)
  const texts = fc.string({ unit: fc.constantFrom(...'0349abcde-.é中'), maxLength: 10 })
  let seen = 0
  fc.assert(
    fc.property(patterns, fc.array(texts, { minLength: 20, maxLength: 20 }), (pattern, several) => {
      const regular = new RegExp(pattern, 'u')
      return several.every((text) => {
        const matched = test(pattern, text)
        if (matched === true) seen += 1
        return matched === undefined || matched === regular.test(text)
      })
    }),
    runs(600, 3000),
  )
  t.ok(seen > 60, `${seen} texts fit`)
})
