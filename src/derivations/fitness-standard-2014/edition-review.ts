/**
 * What is implausible in the figures of an edition: jumps against the edition before, and rates far from those of
 * national surveys. The findings are warnings that hold the publication until a person has approved it.
 */
import type { DerivedRow, EditionReview, EditionWarning } from '../derivation.ts'
import { totalCode } from './aggregate.ts'
import { participationName } from './statistics.ts'

type Compared = 'district' | 'stage' | 'grade' | 'sex' | 'indicator' | 'level'
type Figure = 'tested' | 'mean' | 'deviation' | 'goodRate'

/** Fewer pupils may differ much from year to year. */
const pupilsLeast = 100

/** Standard deviations by which a mean may change: an effect that Cohen calls medium (Statistical Power Analysis, 1988). */
const meanChangeMost = 0.5

/** Factor by which the number of pupils of a stage may change in a year; ours: cohorts change by a few percent. */
const pupilsChangeMost = 1.25

/**
 * Percent of good and excellent. Below: half the 23.8 % of the national survey of 2019 (n = 374,257, ages 6 to 22). Above: the
 * national target for 2030 (国发〔2019〕13号).
 */
const goodRates = { least: 11.9, most: 60 } as const

/** Warnings kept of an edition: one wrong unit changes every grade of a district. */
const warningsMax = 100

interface Former {
  readonly tested: number
  readonly mean: number | undefined
  readonly deviation: number | undefined
}

/** Opens a review; `placeOf` says where a row has something, undefined if the contract does not publish it. */
export function openEditionReview(placeOf: (role: Compared | Figure) => number | undefined): EditionReview {
  const former = new Map<string, Former>()
  const warnings: EditionWarning[] = []
  const cellAt = (['district', 'stage', 'grade', 'indicator'] as const).map((role) => placeOf(role) ?? -1)
  const places = {
    ...{ stage: placeOf('stage') ?? -1, grade: placeOf('grade') ?? -1, sex: placeOf('sex') ?? -1 },
    ...{ indicator: placeOf('indicator') ?? -1, level: placeOf('level') ?? -1 },
  }
  const figureOf = (row: DerivedRow, figure: Figure) => {
    const text = row[placeOf(figure) ?? -1] ?? null
    return text === null ? undefined : Number(text)
  }
  const keyOf = (row: DerivedRow) => cellAt.map((at) => row[at]).join()
  /** Rows of both sexes and all levels. */
  const isWhole = (row: DerivedRow) => row[places.sex] === totalCode && row[places.level] === totalCode
  /** Participation is compared by stage, results by grade. */
  const isCompared = (row: DerivedRow) =>
    row[places.indicator] === participationName
      ? row[places.stage] !== totalCode
      : row[places.grade] !== totalCode && isWhole(row)
  const warn = (fault: EditionWarning['fault'], row: DerivedRow, limit: string) => {
    if (warnings.length >= warningsMax) return
    warnings.push({ fault, expected: `${cellAt.map((at) => row[at]).join(' ')}: ${limit}` })
  }
  return {
    addFormer(row) {
      const tested = figureOf(row, 'tested')
      if (tested === undefined || tested < pupilsLeast || !isCompared(row)) return
      former.set(keyOf(row), { tested, mean: figureOf(row, 'mean'), deviation: figureOf(row, 'deviation') })
    },
    add(row) {
      const tested = figureOf(row, 'tested') ?? 0
      if (tested < pupilsLeast) return
      const rate = isWhole(row) && row[places.stage] === totalCode ? figureOf(row, 'goodRate') : undefined
      if (rate !== undefined && (rate < goodRates.least || rate > goodRates.most))
        warn('edition-good-rate', row, `${goodRates.least} – ${goodRates.most} %`)
      const before = isCompared(row) ? former.get(keyOf(row)) : undefined
      if (before === undefined) return
      if (row[places.indicator] === participationName) {
        // Each row of a stage has the same number, so the first one is enough.
        former.delete(keyOf(row))
        const factor = tested / before.tested
        if (factor > pupilsChangeMost || factor < 1 / pupilsChangeMost)
          warn('edition-pupils-jump', row, `≤ × ${pupilsChangeMost}`)
        return
      }
      const mean = figureOf(row, 'mean')
      const { mean: meanBefore, deviation = 0 } = before
      if (mean === undefined || meanBefore === undefined || deviation <= 0) return
      if (Math.abs(mean - meanBefore) > meanChangeMost * deviation)
        warn('edition-mean-jump', row, `± ${meanChangeMost} σ`)
    },
    finish: () => warnings,
  }
}
