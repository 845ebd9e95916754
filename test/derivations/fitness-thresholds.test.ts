import t from 'tap'
import { buildScored, scoreInto } from '../../src/derivations/fitness-standard-2014/score.ts'
import { itemIndex, items, planOf } from '../../src/derivations/fitness-standard-2014/standard.ts'
import { scoredGrades, thresholdsOf } from '../../src/derivations/index.ts'

t.test('the thresholds are the results at which the score changes', async (t) => {
  t.same(scoredGrades, [11, 12, 13, 14, 15, 16, 21, 22, 23, 31, 32, 33, 41, 42, 43, 44])
  const scored = buildScored()
  const faults: string[] = []
  for (const grade of scoredGrades) {
    for (const sex of [1, 2] as const) {
      const plan = planOf(grade, sex)
      if (plan === undefined) throw new Error('the grade has a plan')
      for (const { item, isLowerBetter, ...levels } of thresholdsOf(grade, sex)?.items ?? []) {
        const index = itemIndex(item)
        const { units } = items[index] ?? { units: 1 }
        const scoreOf = (result: number) => {
          const results = new Int32Array(items.length).fill(-1_000_000)
          results[index] = Math.round(result * units)
          scoreInto(scored, plan, results)
          return scored.scores[index] ?? -1
        }
        for (const [points, from] of [
          [100, levels.full],
          [90, levels.excellent],
          [80, levels.good],
          [60, levels.pass],
        ] as const) {
          if (from === null) continue
          const worse = from + (isLowerBetter ? 1 : -1) / units
          if (scoreOf(from) < points || scoreOf(worse) >= points)
            faults.push(`${grade} ${sex} ${item} ${points}`)
        }
      }
    }
  }
  t.same(faults, [])
  t.equal(thresholdsOf(34, 1), undefined)
  t.match(thresholdsOf(22, 2)?.bmi, { weight: 15, normal: 15.3 })
})
