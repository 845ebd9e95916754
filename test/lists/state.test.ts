import t from 'tap'
import { ratesOf, stateOf } from '../../src/lists/state.ts'

const at = (instant: string, withdrawn = false) => ({ publishedAt: new Date(instant), withdrawn })

t.test('the state of a promise on both sides of its due day', async (t) => {
  const due = '2026-06-30'
  // 15:59:59Z is the last second of the due day in Shanghai.
  t.same(stateOf(due, [at('2026-06-30T15:59:59Z')], '2026-07-05'), {
    state: 'published',
    firstPublished: '2026-06-30',
  })
  t.same(stateOf(due, [at('2026-06-30T16:00:00Z')], '2026-07-05'), {
    state: 'late',
    firstPublished: '2026-07-01',
  })
  t.same(stateOf(due, [], '2026-06-30'), { state: 'planned', firstPublished: null })
  t.same(stateOf(due, [], '2026-07-01'), { state: 'overdue', firstPublished: null })
  t.same(stateOf(null, [], '2030-01-01'), { state: 'planned', firstPublished: null })
  t.same(stateOf(null, [at('2026-06-30T16:00:00Z')], '2030-01-01').state, 'published')
})

t.test('withdrawn evidence counts only with a successor', async (t) => {
  const due = '2026-06-30'
  const first = at('2026-06-01T00:00:00Z', true)
  t.equal(stateOf(due, [first], '2026-07-01').state, 'overdue')
  t.equal(stateOf(due, [first], '2026-06-15').state, 'planned')
  t.same(stateOf(due, [at('2026-07-10T00:00:00Z'), first], '2026-07-11'), {
    state: 'published',
    firstPublished: '2026-06-01',
  })
})

t.test('rates', async (t) => {
  const items = [
    { state: 'published', due: '2026-01-31' },
    { state: 'late', due: '2026-01-31' },
    { state: 'overdue', due: '2026-05-31' },
    { state: 'planned', due: '2026-12-31' },
    { state: 'published', due: '2026-12-31' },
    { state: 'planned', due: null },
  ] as const
  t.same(ratesOf(items, '2026-06-30'), {
    items: 6,
    states: { published: 2, late: 1, planned: 2, overdue: 1 },
    completion: 0.5,
    onTime: 0.3333,
  })
  t.same(ratesOf([], '2026-06-30'), {
    items: 0,
    states: { published: 0, late: 0, planned: 0, overdue: 0 },
    completion: null,
    onTime: null,
  })
})
