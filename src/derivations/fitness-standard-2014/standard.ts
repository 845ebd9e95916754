/**
 * The tables of the National Student Physical Fitness Standard, 2014 revision, as whole numbers: for each grade and sex
 * its items, their weights, thresholds and bonus steps. tables.json names the source. Nothing here is interpolated: where
 * the standard leaves a score blank, no result reaches it.
 */
import tables from './tables.json' with { type: 'json' }

/**
 * The items, in the order of the reports, with the whole units in one unit of the standard: 50 m runs and sit-and-reach
 * are read to a hundredth, the jump and the body mass index to a tenth, all others as whole numbers. Ranges are those of
 * the upload template, both ends included; the body mass index follows from the ranges of height and weight.
 */
export const items = [
  { name: 'bmi', units: 10, from: 2, to: 312.5 },
  { name: 'vital_capacity', units: 1, from: 500, to: 9999 },
  { name: 'run_50m', units: 100, from: 5, to: 20, lowerIsBetter: true },
  { name: 'sit_reach', units: 100, from: -30, to: 40 },
  { name: 'rope_1min', units: 1, from: 0, to: 300 },
  { name: 'sit_up_1min', units: 1, from: 0, to: 99 },
  { name: 'shuttle_50x8', units: 1, from: 45, to: 240, lowerIsBetter: true },
  { name: 'standing_jump', units: 10, from: 50, to: 400 },
  { name: 'pull_up', units: 1, from: 0, to: 99 },
  { name: 'run_1000m', units: 1, from: 120, to: 540, lowerIsBetter: true },
  { name: 'run_800m', units: 1, from: 120, to: 540, lowerIsBetter: true },
] as const satisfies readonly ItemDefinition[]

interface ItemDefinition {
  readonly name: string
  readonly units: number
  readonly from: number
  readonly to: number
  readonly lowerIsBetter?: true
}

export type ItemName = (typeof items)[number]['name']

/** Index of an item in `items`. */
export function itemIndex(name: ItemName): number {
  return items.findIndex((item) => item.name === name)
}

export const bmiIndex = 0

/** 1 boy, 2 girl, as in the upload template. */
export type Sex = 1 | 2

/** One item of a grade and sex. Results and thresholds are in whole units; see `items`. */
export interface ItemPlan {
  /** In `items`. */
  readonly index: number
  /** Percent of the total. */
  readonly weight: number
  /** 1 where more is better, -1 where less is: a result counts as `sign * result`. */
  readonly sign: 1 | -1
  /** `sign * threshold` of each score, the best first. None for the body mass index. */
  readonly thresholds: Int32Array
  readonly scores: Uint8Array
  /** `sign * result` from which 1, 2, 3 … points are added; empty if the item has no bonus. */
  readonly bonus: Int32Array
}

export interface GradePlan {
  readonly items: readonly ItemPlan[]
  /** Whether it has an item, by the index of the item. */
  readonly has: readonly boolean[]
  /** Tenths of the body mass index at which normal, overweight and obese begin. */
  readonly bmi: readonly [normal: number, overweight: number, obese: number]
}

type Columns = Readonly<Record<string, Readonly<Record<string, readonly (number | null)[]>>>>

/** Plans by the code of the grade whose table applies, for boys and girls. */
const plans: ReadonlyMap<number, readonly [boys: GradePlan, girls: GradePlan]> = new Map(
  Object.keys(tables.bmi['1']).map((code) => [Number(code), [buildPlan(code, '1'), buildPlan(code, '2')]]),
)

/** The plan for the grade whose table applies. Undefined if the standard has no table for the code, as for 34. */
export function planOf(table: number, sex: Sex): GradePlan | undefined {
  return plans.get(table)?.[sex - 1]
}

function buildPlan(code: string, sex: '1' | '2'): GradePlan {
  const group = tables.weights.find(({ from, to }) => from <= Number(code) && Number(code) <= to)
  const weights: Readonly<Record<string, number | undefined>> = group?.[sex] ?? {}
  const bands = (tables.bmi[sex] as Readonly<Record<string, readonly number[]>>)[code] ?? []
  const [normal = 0, overweight = 0, obese = 0] = bands.map((bound) => Math.round(bound * 10))
  return {
    items: items.flatMap((item, index) => {
      const weight = weights[item.name]
      return weight === undefined ? [] : [buildItem(item, index, weight, code, sex)]
    }),
    has: items.map(({ name }) => weights[name] !== undefined),
    bmi: [normal, overweight, obese],
  }
}

function buildItem(
  item: ItemDefinition,
  index: number,
  weight: number,
  code: string,
  sex: '1' | '2',
): ItemPlan {
  const of = (table: unknown) => (table as Readonly<Record<string, Columns>>)[item.name]?.[sex]?.[code] ?? []
  const sign = item.lowerIsBetter === true ? -1 : 1
  const reached = of(tables.thresholds).flatMap((threshold, n) =>
    threshold === null
      ? []
      : [{ score: tables.scores[n] ?? 0, at: sign * Math.round(threshold * item.units) }],
  )
  const best = reached[0]?.at ?? 0
  return {
    index,
    weight,
    sign,
    thresholds: Int32Array.from(reached, ({ at }) => at),
    scores: Uint8Array.from(reached, ({ score }) => score),
    bonus: Int32Array.from(of(tables.bonus), (beyond) => best + (beyond ?? 0) * item.units),
  }
}
