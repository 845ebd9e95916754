/**
 * Synthetic schools of a city: 1,609 in 16 districts, as uneven as real ones. Most have the 5+4 system; in ten districts
 * one small nine-year school has 6+3, so that its grades 16 and 21 are alone in their district.
 */
import { districts } from '../samples/districts.ts'
import { between, normal, type Random, randomOf } from '../samples/random.ts'

export interface School {
  /** 学校标识码: ten digits. */
  readonly code: string
  readonly district: string
  readonly system: '6+3' | '5+4'
  /** Pupils by grade code: boys and girls. */
  readonly grades: readonly { readonly grade: string; readonly boys: number; readonly girls: number }[]
  /** In deviations: how its pupils differ from the city. */
  readonly shift: number
}

const primaryGrades = ['11', '12', '13', '14', '15']
const lowerGrades = ['21', '22', '23', '24']
const upperGrades = ['31', '32', '33']
const nineYears = [...primaryGrades, '16', '21', '22', '23']

/** Kinds of schools: share of all, first digits of the code, grades, and pupils in a grade of an ordinary one. */
const kinds = [
  { share: 0.46, type: '21', grades: primaryGrades, pupils: 130 },
  { share: 0.26, type: '31', grades: lowerGrades, pupils: 150 },
  { share: 0.12, type: '31', grades: [...primaryGrades, ...lowerGrades], pupils: 90 },
  { share: 0.16, type: '34', grades: upperGrades, pupils: 210 },
]

/** Districts with a 6+3 school. */
const withSixYears = 10

export interface CityOptions {
  readonly seed: number
  /** Schools in all; 1,609 in the whole city. */
  readonly schools: number
  /** Pupils in all, approximately; 1.5 million in the whole city. */
  readonly pupils: number
}

/** The schools of a city, in the order of their districts. */
export function schoolsOf({ seed, schools, pupils }: CityOptions): readonly School[] {
  const sizes = districts.reduce((sum, { size }) => sum + size, 0)
  let serial = 0
  const ordinary = districts.flatMap(({ code, size }, index) => {
    const random = randomOf(seed, 'schools', code)
    const shift = normal(random) * 0.05
    const until = (n: number) => Math.round(((schools - withSixYears) * n) / districts.length)
    const count = Math.max(kinds.length, until(index + 1) - until(index))
    // Small districts have small schools as well as few: counts of schools differ less than counts of pupils.
    const scale = ((pupils / 1_028_000) * (size / sizes) * 1609) / count
    return Array.from({ length: count }, (_, n) => {
      serial += 1
      return ordinarySchool(random, { district: code, serial, shift, scale, part: (n + 0.5) / count })
    })
  })
  return [...ordinary, ...sixYearSchools(seed, serial)].sort((a, b) => (a.district < b.district ? -1 : 1))
}

interface Ordinary {
  readonly district: string
  readonly serial: number
  readonly shift: number
  readonly scale: number
  /** From 0 to 1: which kind of school it is. */
  readonly part: number
}

function ordinarySchool(random: Random, { district, serial, shift, scale, part }: Ordinary): School {
  const shareUpTo = (index: number) => kinds.slice(0, index + 1).reduce((sum, { share }) => sum + share, 0)
  const kind = kinds.find((_, index) => shareUpTo(index) > part) ?? kinds[0]
  const { type, grades, pupils } = kind ?? { type: '21', grades: primaryGrades, pupils: 0 }
  // One in thirty is tiny; the others differ by a factor of ten.
  const isTiny = random() < 1 / 30
  const size = isTiny
    ? between(random, 2, 12)
    : Math.max(8, pupils * scale * 2 ** (normal(random) * 0.8) * 0.86)
  return {
    ...{ code: `${type}31${String(serial).padStart(6, '0')}`, district, system: '5+4' },
    grades: grades.map((grade) => {
      const all = Math.max(1, Math.round(size * (0.85 + random() * 0.3)))
      const boys = Math.round(all * (0.47 + random() * 0.1))
      return { grade, boys, girls: all - boys }
    }),
    shift: shift + normal(random) * 0.1,
  }
}

/** The last 6+3 school has no boys in the grades in which it is alone. */
const hasNoBoys = (grade: string, index: number) => index === withSixYears - 1 && ['16', '21'].includes(grade)

/** Small schools of the 6+3 system. */
function sixYearSchools(seed: number, serial: number): readonly School[] {
  return districts.slice(0, withSixYears).map(({ code: district }, index) => {
    const random = randomOf(seed, 'six years', district)
    const few = () => between(random, 3, 9)
    return {
      ...{ code: `3131${String(serial + 1 + index).padStart(6, '0')}`, district, system: '6+3' },
      grades: nineYears.map((grade) => ({
        grade,
        boys: hasNoBoys(grade, index) ? 0 : few(),
        girls: few(),
      })),
      shift: normal(random) * 0.15,
    }
  })
}
