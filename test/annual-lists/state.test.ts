import t from 'tap'
import { type Counted, type PromiseOutcome, ratesOf, stateOf, worstOf } from '../../src/annual-lists/state.ts'

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

t.test('the state of several periods is that of the worst', async (t) => {
  const outcome = (state: PromiseOutcome['state'], firstPublished: string | null = null): PromiseOutcome => ({
    state,
    firstPublished,
  })
  t.same(worstOf([outcome('published', '2026-01-02'), outcome('late', '2026-03-04')]), {
    state: 'late',
    firstPublished: '2026-03-04',
  })
  t.same(worstOf([outcome('late', '2026-03-04'), outcome('planned')]), {
    state: 'planned',
    firstPublished: null,
  })
  t.same(
    worstOf([outcome('planned'), outcome('overdue'), outcome('published', '2026-01-02')]).state,
    'overdue',
  )
})

const item = (
  outcome: Counted['outcome'],
  firstDue: string | null,
  leftOn: string | null = null,
): Counted => ({
  state: leftOn === null ? outcome : 'withdrawn',
  ...{ outcome, firstDue, leftOn },
})

t.test('rates', async (t) => {
  const items = [
    item('published', '2026-01-31'),
    item('late', '2026-01-31'),
    item('overdue', '2026-05-31'),
    item('planned', '2026-12-31'),
    item('published', '2026-12-31'),
    item('planned', null),
  ]
  t.same(ratesOf(items, '2026-06-30'), {
    items: 6,
    states: { published: 2, late: 1, planned: 2, overdue: 1, withdrawn: 0 },
    completion: 0.5,
    onTime: 0.3333,
  })
  t.same(ratesOf([], '2026-06-30'), {
    items: 0,
    states: { published: 0, late: 0, planned: 0, overdue: 0, withdrawn: 0 },
    completion: null,
    onTime: null,
  })
})

t.test('on the due day only open items count', async (t) => {
  const of = (outcome: Counted['outcome'], today: string) =>
    ratesOf([item(outcome, '2026-06-30')], today).onTime
  t.equal(of('planned', '2026-06-30'), null)
  t.equal(of('overdue', '2026-07-01'), 0)
  t.equal(of('published', '2026-06-29'), null)
  t.equal(of('published', '2026-06-30'), 1)
})

t.test('an item that left the list does not count for completion; a missed date stays missed', async (t) => {
  const left = (outcome: Counted['outcome'], leftOn: string) =>
    ratesOf([item(outcome, '2026-06-30', leftOn), item('planned', '2026-12-31')], '2026-09-01')
  t.same(left('overdue', '2026-07-01'), {
    items: 2,
    states: { published: 0, late: 0, planned: 1, overdue: 0, withdrawn: 1 },
    completion: 0,
    onTime: 0,
  })
  t.equal(left('overdue', '2026-06-30').onTime, null)
  t.equal(left('published', '2026-07-01').onTime, 1)
  t.equal(ratesOf([item('published', null, '2026-07-01')], '2026-09-01').completion, null)
})
