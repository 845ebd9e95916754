/** Items through the versions of a list and between years: matched, moved, dropped, restored, changed. */
import fc from 'fast-check'
import t from 'tap'
import { differenceAcross, differencesWithin } from '../../src/annual-lists/comparison/difference.ts'
import {
  causesOf,
  dueDatesOf,
  followItems,
  type ReadList,
} from '../../src/annual-lists/comparison/history.ts'
import { matchItems } from '../../src/annual-lists/comparison/item-match.ts'
import { dueItems, endOfSpan, parseDaySpan, spanCountMax } from '../../src/annual-lists/due.ts'
import type { AnnualList } from '../../src/annual-lists/index.ts'
import { type Promised, type Property, properties } from '../../src/annual-lists/promise.ts'

type Values = Partial<Record<Property, string | null>>

const nothing = Object.fromEntries(properties.map((property) => [property, null])) as Promised['values']
const promised = (values: Values): Promised => ({
  values: { ...nothing, number: '1', name: 'A', providers: 'P', ...values },
  record: [],
})

/** The versions of a list, with only the properties under test. */
const listOf = (...versions: readonly (readonly Values[])[]): readonly ReadList[] =>
  versions.map((items, index) => ({
    contract: {} as ReadList['contract'],
    version: {
      number: index + 1,
      reason: index === 0 ? null : `reason ${index + 1}`,
    } as ReadList['version'],
    items: items.map(promised),
  }))

const names = (threads: ReturnType<typeof followItems>) =>
  threads.map(({ last, left, stages }) => [
    last.promised.values.name,
    stages.length,
    left?.version.number ?? null,
  ])

t.test('an item is matched by its edition, its name, its number', async (t) => {
  const match = (before: readonly Values[], after: readonly Values[], years: number | 'within' = 'within') =>
    matchItems(before.map(promised), after.map(promised), years)
  const reference = { dataset: 'd', edition: '2026' }
  t.same(match([{ name: 'A', ...reference }], [{ name: 'B', number: '9', ...reference }]), [0])
  t.same(match([{ name: 'A' }], [{ name: ' ａ ', number: '9', ...reference }]), [0], 'width, case and spaces')
  t.same(match([{ name: 'A', providers: 'P;Q' }], [{ name: 'A', providers: 'Q;P', number: '2' }]), [0])
  t.same(match([{ name: 'A' }], [{ name: 'B' }]), [0], 'the same number of the same providers')
  t.same(match([{ name: 'A' }], [{ name: 'B', providers: 'Q' }]), [undefined])
  t.same(
    match([{ name: 'A' }], [{ name: 'A', providers: 'Q', number: '7' }]),
    [0],
    'another provider took it over',
  )
  // Items with the same key are distinguished by the next key; without one they stay unmatched.
  const twins = [{ number: '1' }, { number: '2' }]
  t.same(match(twins, [...twins].reverse()), [1, 0])
  t.same(match(twins, [{ number: '3' }]), [undefined])
  // From year to year the edition moves on and numbers mean nothing.
  t.same(match([{ ...reference, name: 'A' }], [{ dataset: 'd', edition: '2027', name: 'B' }], 1), [0])
  t.same(match([{ name: 'A' }], [{ name: 'B' }], 1), [undefined])
  t.same(
    match(
      [{ dataset: 'd', name: 'A' }],
      [
        { dataset: 'd', name: 'A early' },
        { dataset: 'd', name: 'A' },
      ],
      1,
    ),
    [undefined, 0],
  )
})

t.test('of several items of a dataset, the one whose edition moves on matches', async (t) => {
  const editions = (...of: readonly string[]) =>
    of.map((edition, index) => promised({ dataset: 'd', edition, name: `${edition}`, number: `${index}` }))
  t.same(matchItems(editions('2024-2025', '2025-2026'), editions('2026-2027'), 1), [1])
  t.same(matchItems(editions('2026'), editions('2025', '2024'), -1), [0, undefined])
})

t.test('matching is one to one for random lists', async () => {
  const text = fc.constantFrom('A', 'B', 'C', null)
  const item = fc.record({ number: fc.constantFrom('1', '2', '3'), name: text, dataset: text, edition: text })
  const items = fc.array(item, { maxLength: 8 })
  fc.assert(
    fc.property(items, items, fc.constantFrom('within' as const, 1, -2), (before, after, years) => {
      const found = matchItems(before.map(promised), after.map(promised), years)
      const taken = found.filter((index) => index !== undefined)
      return found.length === after.length && new Set(taken).size === taken.length
    }),
  )
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 6 }), (list) => {
      const versions = listOf(list, list)
      return differencesWithin(versions).every(({ difference }) => difference.changed.length === 0)
    }),
  )
})

t.test('items are added, stay, leave and return', async (t) => {
  t.same(names(followItems(listOf([{ name: 'A' }], [{ name: 'A' }, { name: 'B', number: '2' }]))), [
    ['A', 2, null],
    ['B', 1, null],
  ])
  const dropped = followItems(
    listOf(
      [{ name: 'A' }, { name: 'B', number: '2' }],
      [{ name: 'B', number: '1' }],
      [{ name: 'B', number: '1' }],
    ),
  )
  t.same(names(dropped), [
    ['B', 3, null],
    ['A', 1, 2],
  ])
  t.same(dropped[1]?.left?.version.reason, 'reason 2')
  const back = followItems(
    listOf([{ due: '2026-01-31' }], [{ name: 'B', number: '2' }], [{ due: '2026-09-30', number: '5' }]),
  )
  t.same(names(back), [
    ['A', 2, null],
    ['B', 1, 3],
  ])
  // Leaving and coming back with a later date does not make the first date go.
  const [first] = back
  t.match(first === undefined ? {} : dueDatesOf(first), { first: '2026-01-31', now: '2026-09-30' })
  t.same(followItems([]), [])
})

t.test('the first due day stays, and each move is reported', async (t) => {
  const duesOf = (...dues: readonly (string | null)[]) => {
    const [thread] = followItems(listOf(...dues.map((due) => [{ due }])))
    if (thread === undefined) throw new Error('no history was found')
    const { first, now, moves } = dueDatesOf(thread)
    return [first, now, moves.map(({ from, to, by }) => [from, to, by.version.number])]
  }
  t.same(duesOf('2026-01-31'), ['2026-01-31', '2026-01-31', []])
  t.same(duesOf('2026-01-31', '2026-01-31', '2026-06-30', '2026-03-31'), [
    '2026-01-31',
    '2026-03-31',
    [
      ['2026-01-31', '2026-06-30', 3],
      ['2026-06-30', '2026-03-31', 4],
    ],
  ])
  t.same(duesOf('2026-01-31', null, null), ['2026-01-31', null, [['2026-01-31', null, 2]]])
  t.same(
    duesOf(null, '2026-06-30'),
    ['2026-06-30', '2026-06-30', []],
    'a due day that is set later is the first one',
  )
  t.same(duesOf('2026-01-31', null, '2026-06-30'), [
    '2026-01-31',
    '2026-06-30',
    [
      ['2026-01-31', null, 2],
      ['2026-01-31', '2026-06-30', 3],
    ],
  ])
  t.same(duesOf(null, null), [null, null, []])
})

t.test('the versions that changed an item', async (t) => {
  const threads = followItems(
    listOf(
      [{ name: 'A' }],
      [{ name: 'A' }, { name: 'B', number: '2' }],
      [
        { name: 'A', theme: 'x' },
        { name: 'B', number: '2' },
      ],
      [{ name: 'A', theme: 'x' }],
    ),
  )
  t.same(
    threads.map((thread) => causesOf(thread).map(({ version }) => version.number)),
    [
      [1, 3],
      [2, 4],
    ],
  )
})

const difference = (before: readonly ReadList[], after: readonly ReadList[], years: number) => {
  const { added, dropped, changed, unchanged } = differenceAcross(
    followItems(before),
    followItems(after),
    years,
  )
  const namesOf = (items: typeof added) => items.map(({ promised: { values } }) => values.name)
  return {
    added: namesOf(added),
    dropped: namesOf(dropped),
    changed: changed.map(({ promised: { values }, changes }) => [
      values.name,
      ...changes.map(({ property, from, to }) => `${property} ${from} ${to}`),
    ]),
    unchanged,
    reasons: [...added, ...dropped, ...changed].map(({ causes }) =>
      causes.map(({ version }) => version.reason),
    ),
  }
}

t.test('between years, what only moves on has not changed', async (t) => {
  const before = listOf([
    { number: '1', name: 'A', dataset: 'a', edition: '2025', due: '2025-01-31' },
    { number: '2', name: 'B', dataset: 'b', edition: '2023-2024', due: '2025-12-31' },
    { number: '3', name: 'C', due: '2024-02-29' },
    { number: '4', name: 'D', due: '2025-03-31', theme: 'x' },
    { number: '5', name: 'E' },
  ])
  const after = listOf(
    [
      { number: '1', name: 'A', dataset: 'a', edition: '2026', due: '2026-01-31' },
      { number: '2', name: 'B', dataset: 'b', edition: '2024-2025', due: '2026-12-31' },
      { number: '4', name: 'C', due: '2025-02-28' },
      { number: '3', name: 'D', due: '2026-04-30', theme: 'x' },
      { number: '5', name: 'E' },
    ],
    [
      { number: '1', name: 'A', dataset: 'a', edition: '2026', due: '2026-01-31' },
      { number: '2', name: 'B', dataset: 'b', edition: '2024-2025', due: '2026-12-31' },
      { number: '4', name: 'C', due: '2025-02-28' },
      { number: '3', name: 'D', due: '2026-05-31', theme: null },
      { number: '6', name: 'F' },
    ],
  )
  t.same(difference(before, after, 1), {
    added: ['F'],
    dropped: ['E'],
    changed: [['D', 'theme x null', 'due 2025-03-31 2026-05-31']],
    unchanged: 3,
    reasons: [['reason 2'], [null, 'reason 2'], [null, 'reason 2']],
  })
  t.match(difference(after, before, -1), { added: ['E'], dropped: ['F'], unchanged: 3 })
  t.same(difference(after, after, 0), { added: [], dropped: [], changed: [], unchanged: 5, reasons: [] })
})

t.test('within a year each version is compared with the next', async (t) => {
  const steps = differencesWithin(
    listOf(
      [{ due: '2026-01-31' }, { number: '2', name: 'B' }],
      [{ due: '2026-06-30' }, { number: '2', name: 'B' }],
      [{ due: '2026-06-30' }],
    ),
  )
  t.same(
    steps.map(({ from, to, difference: { added, dropped, changed, unchanged } }) => [
      from.version.number,
      to.version.number,
      added.length,
      dropped.map((one) => one.promised.values.name),
      changed.flatMap(({ changes }) => changes),
      unchanged,
    ]),
    [
      [1, 2, 0, [], [{ property: 'due', from: '2026-01-31', to: '2026-06-30' }], 1],
      [2, 3, 0, ['B'], [], 1],
    ],
  )
  t.same(differencesWithin(listOf([{}])), [])
})

t.test('spans', async (t) => {
  const end = (text: string, today = '2026-01-31') => {
    const span = parseDaySpan(text)
    return span === undefined ? undefined : endOfSpan(today, span)
  }
  t.equal(end('0d'), '2026-01-31')
  t.equal(end('30d'), '2026-03-02')
  t.equal(end(' 2W '), '2026-02-14')
  t.equal(end('1m'), '2026-02-28', 'a month that is too short ends on its last day')
  t.equal(end('1m', '2024-01-31'), '2024-02-29')
  t.equal(end('12m', '2026-12-31'), '2027-12-31')
  t.equal(end('1y', '2024-02-29'), '2025-02-28')
  t.equal(end(`${spanCountMax}d`), '2028-10-27')
  for (const wrong of [
    '',
    '30',
    'd',
    '-1d',
    '1.5d',
    '30 d',
    '30days',
    '３0d',
    `${spanCountMax + 1}d`,
    '99999d',
    '1h',
  ])
    t.equal(end(wrong), undefined, wrong)
})

t.test('due items: overdue always, planned within the span, the earliest first', async (t) => {
  const item = (number: string, state: string, now: string | null, first = now) => ({
    ...{ state, due: { now, first, moves: [] }, promised: promised({ number }) },
  })
  const lists = [
    {
      year: '2026',
      items: [
        item('1', 'planned', '2026-06-30'),
        item('2', 'planned', '2026-07-01'),
        item('3', 'published', '2026-06-01'),
        item('4', 'late', '2026-05-01'),
        item('5', 'overdue', '2026-12-31', '2026-02-01'),
        item('6', 'withdrawn', '2026-06-01'),
        item('7', 'planned', null),
      ],
    },
    { year: '2025', items: [item('8', 'overdue', null, '2025-03-31'), item('9', 'overdue', '2025-12-31')] },
  ] as unknown as readonly AnnualList[]
  t.same(
    dueItems(lists, '2026-06-30').map(({ year, due, item: { promised: of } }) => [
      due,
      year,
      of.values.number,
    ]),
    [
      ['2025-03-31', '2025', '8'],
      ['2025-12-31', '2025', '9'],
      ['2026-06-30', '2026', '1'],
      ['2026-12-31', '2026', '5'],
    ],
  )
})
