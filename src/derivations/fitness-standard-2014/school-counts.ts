/**
 * Counts of a part by school, and what is implausible in them. The findings are warnings that hold the publication until
 * a person has approved it; they name the first row of a school, and never a result.
 */
import type { DirectoryRow, RowOrigin } from '../derivation.ts'
import { missing, type Scored, totalIndex } from './score.ts'
import { type ItemName, itemIndex } from './standard.ts'

export interface SchoolCounts {
  /** The first row that was taken. */
  readonly first: { readonly file: string; readonly row: number }
  /** Rows that were taken, of exempt and absent pupils too. */
  rows: number
  /** Pupils with at least one result. */
  tested: number
  /** Pupils with a total, and those of them who fail. */
  totals: number
  fails: number
  /** By item of `digitItems` and last digit. */
  readonly digits: Int32Array
  /** Sums over the tested pupils of two hashes of grade, sex and results: the order of rows does not matter. */
  low: number
  high: number
}

export function openSchoolCounts({ file, row }: RowOrigin): SchoolCounts {
  return {
    ...{ first: { file, row }, rows: 0, tested: 0, totals: 0, fails: 0, low: 0, high: 0 },
    digits: new Int32Array(10 * digitItems.length),
  }
}

/** Items with so many different results that their last digits are evenly spread, and the units of that digit. */
const digitItems = (
  [
    { name: 'vital_capacity', units: 1 },
    { name: 'rope_1min', units: 1 },
    { name: 'standing_jump', units: 10 },
  ] as const satisfies readonly { readonly name: ItemName; readonly units: number }[]
).map((item) => ({ ...item, index: itemIndex(item.name) }))
type DigitItem = (typeof digitItems)[number]['name']

/** Counts a pupil with at least one result. `kind` is 10 × grade + sex. */
export function countPupil(counts: SchoolCounts, kind: number, results: Int32Array, scored: Scored): void {
  counts.rows += 1
  counts.tested += 1
  if (scored.total !== missing) {
    counts.totals += 1
    if (scored.levels[totalIndex] === 0) counts.fails += 1
  }
  for (let n = 0; n < digitItems.length; n++) {
    const { index, units } = digitItems[n] as (typeof digitItems)[number]
    const result = results[index] as number
    if (result === missing) continue
    const at = 10 * n + (Math.trunc(result / units) % 10)
    counts.digits[at] = (counts.digits[at] as number) + 1
  }
  // FNV-1a of 32 bits, from two bases.
  let low = 0x811c9dc5 ^ kind
  let high = 0x9747b28c ^ kind
  for (let n = 0; n < results.length; n++) {
    low = Math.imul(low ^ (results[n] as number), 0x01000193)
    high = Math.imul(high ^ (results[n] as number), 0x01000193)
  }
  counts.low = (counts.low + low) | 0
  counts.high = (counts.high + (high ^ (high >>> 15))) | 0
}

/**
 * By how much the rows of a school may differ from its enrolment. The standard is tested in all grades each school year
 * (教体艺〔2014〕5号); exempt and absent pupils have rows too. The tenth is ours, for pupils who come and go.
 */
const enrolmentSlack = 0.1
/** In smaller schools a tenth is a pupil or two. */
const enrolmentLeast = 30

/**
 * Totals without a fail that are too many: none of 1,000 means, with 95 % confidence, fewer than three in a thousand (the
 * rule of three: J. Hanley, A. Lippman-Hand, JAMA 249 (1983), p. 1743).
 */
const totalsWithoutFail = 1000

/**
 * Digit preference score above which the SMART manual for nutrition surveys calls measurements problematic; the score is
 * defined by K. Kuulasmaa et al., WHO MONICA Project e-publication 9 (1998): 100 √(χ² ÷ (n (digits − 1))).
 */
const digitScoreMost = 20
/** With fewer results the score of even digits may exceed it: it is 100 ÷ √n on average. */
const digitResultsLeast = 100

/** So many pupils never have the same results by chance. */
const identicalLeast = 10

/** What is implausible in a school, at its first row; without a row if it has none. */
export interface SchoolWarning {
  readonly fault: string
  readonly file?: string
  readonly row?: number
  /** The item that it is about. */
  readonly item?: DigitItem
  readonly expected?: string
}

export interface SchoolsRead {
  /** Schools with rows, in the order of their first rows. */
  readonly counts: ReadonlyMap<DirectoryRow, SchoolCounts>
  /** Schools whose rows the part should have. */
  readonly expected: Iterable<DirectoryRow>
}

/** What is implausible in the schools of a part. */
export function* implausibleSchools({ counts, expected }: SchoolsRead): Generator<SchoolWarning> {
  const known = new Map<string, SchoolCounts>()
  for (const [school, of] of counts) {
    const warn = (fault: string, text?: string): SchoolWarning => ({
      ...{ fault, file: of.first.file, row: of.first.row },
      ...(text === undefined ? {} : { expected: text }),
    })
    const enrolled = enrolmentOf(school)
    if (enrolled !== undefined && enrolled >= enrolmentLeast) {
      const [least, most] = [
        Math.ceil(enrolled * (1 - enrolmentSlack)),
        Math.floor(enrolled * (1 + enrolmentSlack)),
      ]
      if (of.rows < least || of.rows > most) yield warn('school-enrolment', `${least} – ${most}`)
    }
    if (of.totals >= totalsWithoutFail && of.fails === 0) yield warn('school-no-fail')
    for (const [n, { name }] of digitItems.entries())
      if (hasDigitPreference(of.digits.subarray(10 * n, 10 * n + 10)))
        yield { ...warn('school-digits'), item: name }
    if (of.tested < identicalLeast) continue
    const print = `${of.tested} ${of.low} ${of.high}`
    const other = known.get(print)?.first
    if (other === undefined) known.set(print, of)
    else yield warn('school-identical', `≠ ${other.file}: ${other.row}`)
  }
  for (const school of expected)
    if (!counts.has(school) && (enrolmentOf(school) ?? 0) >= enrolmentLeast)
      yield { fault: 'school-absent', expected: school['code'] ?? '' }
}

function enrolmentOf({ enrolment }: DirectoryRow): number | undefined {
  const count = Number(enrolment ?? '')
  return Number.isSafeInteger(count) && count > 0 ? count : undefined
}

/** Whether some last digits are much more frequent than others. */
export function hasDigitPreference(counts: Int32Array): boolean {
  const all = counts.reduce((sum, count) => sum + count, 0)
  if (all < digitResultsLeast) return false
  const even = all / counts.length
  const chiSquare = counts.reduce((sum, count) => sum + (count - even) ** 2 / even, 0)
  return 100 * Math.sqrt(chiSquare / (all * (counts.length - 1))) > digitScoreMost
}
