/** Each bound of a tolerance on both its sides. */
import t from 'tap'
import { exceededBounds, type Tolerance, type ToleranceCounts } from '../../src/contract/index.ts'

const boundsOf = (tolerance: Tolerance | undefined, counts: Partial<ToleranceCounts>) =>
  exceededBounds(tolerance, { errors: 0, warnings: 0, rowsRead: 100, rowsRefused: 0, ...counts }).map(
    ({ bound, allowed, found }) => `${bound} ${found} > ${allowed}`,
  )

t.test('by default no error is allowed, and any warnings', async (t) => {
  t.same(boundsOf(undefined, { warnings: 1_000_000 }), [])
  t.same(boundsOf(undefined, { errors: 1, rowsRefused: 1 }), ['errors 1 > 0'])
  t.same(
    boundsOf({ warnings: 5 }, { errors: 1, rowsRefused: 1 }),
    ['errors 1 > 0'],
    'also beside other bounds',
  )
})

t.test('numbers of errors and of warnings', async (t) => {
  t.same(boundsOf({ errors: 3 }, { errors: 3, rowsRefused: 3 }), [])
  t.same(boundsOf({ errors: 3 }, { errors: 4, rowsRefused: 3 }), ['errors 4 > 3'])
  t.same(boundsOf({ warnings: 0 }, { warnings: 0 }), [])
  t.same(boundsOf({ warnings: 2 }, { warnings: 2 }), [])
  t.same(boundsOf({ warnings: 2 }, { warnings: 3 }), ['warnings 3 > 2'])
})

t.test('a share of the rows', async (t) => {
  t.same(boundsOf({ errorShare: 0.05 }, { errors: 12, rowsRefused: 5 }), [])
  t.same(boundsOf({ errorShare: 0.05 }, { errors: 6, rowsRefused: 6 }), ['errorShare 0.06 > 0.05'])
  t.same(boundsOf({ errorShare: 0 }, { errors: 1, rowsRefused: 1 }), ['errorShare 0.01 > 0'])
  t.same(boundsOf({ errorShare: 1 }, { errors: 100, rowsRefused: 100 }), [])
  t.same(
    boundsOf({ errorShare: 1 }, { errors: 1 }),
    ['errors 1 > 0'],
    'an error that no row has is in no share',
  )
  t.same(boundsOf({ errorShare: 1 }, { rowsRead: 0 }), [])
})

t.test('both together must hold', async (t) => {
  const both = { errors: 3, errorShare: 0.5 }
  t.same(boundsOf(both, { errors: 4, rowsRefused: 4 }), ['errors 4 > 3'])
  t.same(boundsOf(both, { errors: 2, rowsRead: 2, rowsRefused: 2 }), ['errorShare 1 > 0.5'])
})
