import t from 'tap'
import { meanInterval, wilsonInterval, withheldRange } from '../../src/portal/statistics/intervals.ts'

const rounded = (range: { low: number; high: number } | undefined) =>
  range && [range.low.toFixed(2), range.high.toFixed(2)]

t.test('intervals follow their formulas', async (t) => {
  // Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, and 0 of 20.
  t.same(rounded(wilsonInterval((100 * 81) / 263, 263)), ['25.53', '36.62'])
  t.same(rounded(wilsonInterval(0, 20)), ['0.00', '16.11'])
  t.same(rounded(wilsonInterval(100, 20)), ['83.89', '100.00'])
  t.equal(wilsonInterval(50, 0), undefined)
  t.same(rounded(meanInterval(240, 20, 100)), ['236.08', '243.92'])
  t.equal(meanInterval(240, 20, 1), undefined)
})

t.test('a small count is somewhere below the minimum, and no total narrows it', async (t) => {
  t.same(withheldRange(10, 200), { low: 0, high: 9 })
  t.same(withheldRange(10, 4), { low: 0, high: 4 })
  t.same(withheldRange(10, undefined), { low: 0, high: 9 })
  t.equal(withheldRange(undefined, 200), undefined, 'a value that protects another')
})
