/**
 * Grades of the upload template. A word names a school year, the same in every system; a code means what the school's
 * system says it means, and so chooses the scoring table: in a school of the 5+4 system lower secondary has four years,
 * and its first is scored as grade 6.
 */

/** 6+3: six primary and three lower secondary years; 5+4: five and four, as in Shanghai. */
export type SchoolSystem = '6+3' | '5+4'
export const schoolSystems: readonly SchoolSystem[] = ['6+3', '5+4']

/** The code under which schools of the 5+4 system send grade 6 (预初): 21, or 16 with 21 to 23 for the rest. */
export type SixthGradeCode = '16' | '21'

export type Stage = 'primary' | 'lower-secondary' | 'upper-secondary' | 'higher'

export interface Grade {
  /** Code under which the grade is counted. */
  readonly code: string
  readonly stage: Stage
  /** Code of the grade whose scoring table applies. The standard has no table for 34. */
  readonly table: number
}

/** Why a text names no grade of the school: no grade at all, or not one of its system. */
export type GradeFault = 'unknown' | 'system'

/** Codes in the 6+3 system, which are also the codes of the scoring tables, by the words for them. */
const words: Readonly<Record<string, string>> = {
  ...{ 一年级: '11', 二年级: '12', 三年级: '13', 四年级: '14', 五年级: '15' },
  ...{ 六年级: '16', 预初: '16', 预备班: '16' },
  ...{ 初一: '21', 七年级: '21', 初二: '22', 八年级: '22', 初三: '23', 九年级: '23' },
  ...{ 高一: '31', 高二: '32', 高三: '33', 高四: '34', 大一: '41', 大二: '42', 大三: '43', 大四: '44' },
}

const codes = new Set([...Object.values(words), '24'])

/** Scoring tables of the codes of lower secondary in the 5+4 system, where grade 6 has the code 21. */
const shifted: Readonly<Record<string, number>> = { '21': 16, '22': 21, '23': 22, '24': 23 }

/** Reads the grade of a pupil from a code or a word. */
export function readGrade(
  text: string,
  system: SchoolSystem,
  sixthGrade: SixthGradeCode,
): Grade | GradeFault {
  const table = words[text]
  if (system === '6+3') {
    const code = table ?? text
    if (code === '24' || text === '初四') return 'system'
    return codes.has(code) ? gradeOf(code, Number(code)) : 'unknown'
  }
  if (sixthGrade === '16') {
    const code = table ?? text
    if (code === '24') return 'system'
    return codes.has(code) ? gradeOf(code, Number(code), code === '16') : 'unknown'
  }
  if (text === '初四') return gradeOf('24', 23)
  const code = table === undefined ? text : codeOfTable(table)
  // The sixth grade may come under its code of the other system: no other grade of the school has it.
  if (code === '16') return gradeOf('21', 16)
  return codes.has(code) ? gradeOf(code, shifted[code] ?? Number(code)) : 'unknown'
}

/** The code in the 5+4 system of the grade with a scoring table. */
function codeOfTable(table: string): string {
  return Object.keys(shifted).find((code) => shifted[code] === Number(table)) ?? table
}

function gradeOf(code: string, table: number, isLowerSecondary = false): Grade {
  return { code, stage: isLowerSecondary ? 'lower-secondary' : stageOf(code), table }
}

/** The stage of a code; code 16 counts as primary. */
export function stageOf(code: string): Stage {
  const stages: Readonly<Record<string, Stage>> = {
    '1': 'primary',
    '2': 'lower-secondary',
    '3': 'upper-secondary',
  }
  return stages[code.charAt(0)] ?? 'higher'
}
