/**
 * The results of each level, lowest and highest: what a mean or a quantile can tell about the counts of levels. A cell of
 * several grades, or of a code that means another grade in another system, has the results of all their tables.
 */
import { readGrade, schoolSystems } from './grades.ts'
import { scoreLevels } from './score.ts'
import { type GradePlan, items, planOf } from './standard.ts'

export type Bands = Readonly<Record<string, readonly [low: number, high: number]>>

const totalBands: Bands = { fail: [0, 59.9], pass: [60, 79.9], good: [80, 89.9], excellent: [90, 120] }

const allCodes = [
  ...['11', '12', '13', '14', '15', '16', '21', '22', '23', '24'],
  ...['31', '32', '33', '34', '41', '42', '43', '44'],
]

const known = new Map<string, Bands | undefined>()

/** Undefined for participation, whose levels have no results. Grade and sex may be totals. */
export function bandsOfCell(indicator: string, grade: string, sex: string): Bands | undefined {
  if (indicator === 'total') return totalBands
  const key = `${indicator} ${grade} ${sex}`
  if (!known.has(key)) known.set(key, widest(indicator, grade, sex))
  return known.get(key)
}

function widest(indicator: string, grade: string, sex: string): Bands | undefined {
  const codes = allCodes.includes(grade) ? [grade] : allCodes
  const tables = codes.flatMap((code) =>
    schoolSystems.flatMap((system) => {
      const read = readGrade(code, system, '21')
      return typeof read === 'string' ? [] : [read.table]
    }),
  )
  const sexes = sex === '1' ? [1 as const] : sex === '2' ? [2 as const] : [1 as const, 2 as const]
  const all = [...new Set(tables)].flatMap((table) =>
    sexes.flatMap((of) => {
      const plan = planOf(table, of)
      const bands = plan === undefined ? undefined : bandsOfPlan(plan, indicator)
      return bands === undefined ? [] : [bands]
    }),
  )
  const levels = Object.keys(all[0] ?? {})
  if (levels.length === 0) return undefined
  return Object.fromEntries(
    levels.map((level) => [
      level,
      [
        Math.min(...all.map((bands) => bands[level]?.[0] ?? 0)),
        Math.max(...all.map((bands) => bands[level]?.[1] ?? 0)),
      ] as const,
    ]),
  )
}

function bandsOfPlan(plan: GradePlan, indicator: string): Bands | undefined {
  const index = items.findIndex(({ name }) => name === indicator)
  const item = items[index]
  if (item === undefined) return undefined
  if (item.name === 'bmi') {
    const [normal, overweight, obese] = plan.bmi.map((bound) => bound / item.units)
    if (normal === undefined || overweight === undefined || obese === undefined) return undefined
    const below = (bound: number) => bound - 1 / item.units
    return {
      low: [item.from, below(normal)],
      normal: [normal, below(overweight)],
      overweight: [overweight, below(obese)],
      obese: [obese, item.to],
    }
  }
  const own = plan.items.find((of) => of.index === index)
  if (own === undefined) return undefined
  const { sign, thresholds, scores } = own
  /** The lowest `sign * result` that reaches a score; nothing below the last one does. */
  const reaching = (score: number) => {
    const reached = [...thresholds].filter((_, n) => (scores[n] ?? 0) >= score)
    return reached.length === 0 ? undefined : Math.min(...reached)
  }
  const best = sign > 0 ? item.to * item.units : -item.from * item.units
  const worst = sign > 0 ? item.from * item.units : -item.to * item.units
  const bounds = [worst, reaching(60), reaching(80), reaching(90)]
  return Object.fromEntries(
    scoreLevels.flatMap((level, n) => {
      const from = bounds[n]
      if (from === undefined) return []
      const next = bounds.slice(n + 1).find((bound) => bound !== undefined)
      const to = next === undefined ? best : next - 1
      const [low, high] = [from, to].map((result) => (sign * result) / item.units)
      return [[level, sign > 0 ? [low ?? 0, high ?? 0] : [high ?? 0, low ?? 0]] as const]
    }),
  )
}
