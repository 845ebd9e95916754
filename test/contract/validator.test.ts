import t from 'tap'
import { buildRowValidator, type Constraints, type Field } from '../../src/contract/index.ts'

const field = (type: Field['type'], constraints?: Constraints, more: Partial<Field> = {}): Field => ({
  name: 'f',
  type,
  role: 'attribute',
  title: { zh: '字段', en: 'Field' },
  description: { zh: '字段', en: 'Field' },
  ...(constraints === undefined ? {} : { constraints }),
  ...more,
})
const faults = (one: Field, value: string | null) =>
  buildRowValidator([field('string'), one])(['x', value]).map(
    ({ index, constraint }) => `${index} ${constraint}`,
  )

t.test('each constraint is met on one side of its bound and not on the other', async (t) => {
  const cases: [Field, (string | null)[], [string | null, string][]][] = [
    [field('string', { required: true }), ['a'], [[null, 'required']]],
    [
      field('integer', { minimum: 0, maximum: 10 }),
      ['0', '10', null],
      [
        ['-1', 'minimum'],
        ['11', 'maximum'],
      ],
    ],
    [field('number', { minimum: '0.1' }, { scale: 1 }), ['0.1', '9.0'], [['0.0', 'minimum']]],
    [
      field('date', { minimum: '2025-01-01', maximum: '2025-12-31' }),
      ['2025-01-01'],
      [
        ['2024-12-31', 'minimum'],
        ['2026-01-01', 'maximum'],
      ],
    ],
    [
      field('string', { minLength: 2, maxLength: 3 }),
      ['ab', '𠮷野家', null],
      [
        ['𠮷', 'minLength'],
        ['abcd', 'maxLength'],
      ],
    ],
    [
      field('string', { pattern: 'a|bc' }),
      ['a', 'bc', null],
      [
        ['abc', 'pattern'],
        ['ab', 'pattern'],
      ],
    ],
    [field('string', { enum: ['x', 'y'] }), ['x', null], [['z', 'enum']]],
    [field('number', { enum: ['1.5'] }, { scale: 1 }), ['1.5', null], [['1.0', 'enum']]],
    [
      field('string', { enum: ['x'], required: true }),
      ['x'],
      [
        [null, 'required'],
        ['y', 'enum'],
      ],
    ],
    [
      field('list', { maxLength: 2, enum: ['a', 'b', 'c'] }),
      ['a;b', null],
      [
        ['a;b;c', 'maxLength'],
        ['d;e', 'enum'],
      ],
    ],
    [field('boolean', { required: true }), ['true'], [[null, 'required']]],
  ]
  for (const [one, good, bad] of cases) {
    for (const value of good) t.same(faults(one, value), [], `${one.type} ${value}`)
    for (const [value, constraint] of bad)
      t.same(faults(one, value), [`1 ${constraint}`], `${one.type} ${value}`)
  }
})

t.test('all faults of a row are reported, with the expected value, not the value found', async (t) => {
  const validate = buildRowValidator([
    field('integer', { minimum: 5 }),
    field('string', { pattern: '[a-z]+' }),
  ])
  t.same(validate(['3', 'SECRET']), [
    { index: 0, constraint: 'minimum', expected: { zh: '不小于 5', en: 'at least 5' } },
    { index: 1, constraint: 'pattern', expected: { zh: '符合格式 [a-z]+', en: 'a text of the form [a-z]+' } },
  ])
  t.same(validate(['5', 'a']), [])
})

t.test('a constraint that does not fit its field is our fault, at once', async (t) => {
  t.throws(() => buildRowValidator([field('integer', { minimum: 'many' })]), /not a number/)
  t.throws(() => buildRowValidator([field('integer', { enum: ['x'] })]), /not of its type/)
})
