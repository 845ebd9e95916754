/** `qingdan fitness score`: scores a school's file at its own desk. Stores nothing and needs no database. */
import { access, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { buildFindingSink, isTableFile, limitsOf, readLooseRows } from '../../bundle/index.ts'
import {
  type Desk,
  isNote,
  openDesk,
  type SchoolSystem,
  type ScoredPupil,
  type SixthGradeCode,
  templateContract,
} from '../../derivations/index.ts'
import { csvLines } from '../../formats/index.ts'
import { defined } from '../../platform/defined.ts'
import type { Finding } from '../../platform/finding.ts'
import { dayInShanghai } from '../../platform/time.ts'
import { type Common, exitCodes, type FindingsOption, requirePaths, UsageError } from '../command.ts'
import { progressLine } from '../display/progress.ts'
import { loadSettings } from '../load-settings.ts'
import { findingLine, print, writeFindings } from '../output.ts'

export interface ScoreOptions extends Common, FindingsOption {
  readonly system: SchoolSystem
  readonly sixthGrade: SixthGradeCode
  readonly out?: string
  readonly sheet?: string
}

interface ScoredRow extends ScoredPupil {
  readonly row: number
}

export async function score(path: string, options: ScoreOptions): Promise<number> {
  const { out, system, sixthGrade } = options
  await requirePaths([path])
  if (!isTableFile(path)) throw new UsageError(`${path} is no table: give a CSV or XLSX file.`)
  if (out !== undefined && (await exists(out)))
    throw new UsageError(`${out} exists and is not overwritten: name a new file with --out.`)
  const limits = limitsOf(loadSettings(process.env))
  const sink = buildFindingSink(limits.findingsMax)
  const desk = openDesk({ system, sixthGrade, year: Number(dayInShanghai(new Date()).slice(0, 4)) })
  const pupils = await scoreRows(path, { sheet: options.sheet, limits, desk, onFinding: sink.add })
  const { errors, warnings } = sink.counts()
  const findings = sink.findings()
  await writeFindings(options, [findings])
  const json = { file: basename(path), scored: pupils.length, errors, warnings, findings, pupils }
  const text = options.json === true ? `${JSON.stringify(json)}\n` : scoresCsv(pupils)
  if (out === undefined) process.stdout.write(text)
  // Scores of pupils: nobody else on the machine may read the file.
  else await writeFile(out, text, { mode: 0o600, flag: 'wx' })
  if (options.json !== true || out !== undefined) report(pupils.length, { errors, warnings, findings })
  return errors === 0 ? exitCodes.ok : exitCodes.refused
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

interface RowScoring {
  readonly sheet: string | undefined
  readonly limits: ReturnType<typeof limitsOf>
  readonly desk: Desk
  readonly onFinding: (finding: Finding) => void
}

/** The scores of all rows without an error, in the order of the file. */
async function scoreRows(path: string, { sheet, limits, desk, onFinding }: RowScoring) {
  const progress = progressLine(basename(path))
  const numberAt = templateContract.fields.findIndex(({ name }) => name === 'number')
  const pupils: ScoredRow[] = []
  const byNumber = new Map<string, { readonly report: () => void; readonly row: number }[]>()
  const rows = readLooseRows(path, {
    ...{ contract: templateContract, limits, sheet, onFinding },
    isNote: (cells, textOf) => isNote(() => cells, ['number', 'sex', 'birth_date'].map(textOf)),
  })
  for await (const { row, values, kindOf, placeOf } of rows) {
    progress('scoring', row)
    if (values === undefined) continue
    const report: Parameters<Desk['score']>[2] = ({ check, severity, message }, column, expected) =>
      onFinding({
        ...{ check, severity, ...placeOf(column) },
        ...defined({ expected }),
        ...{ message: message.en, messageZh: message.zh },
      })
    const pupil = desk.score(values, kindOf, report)
    if (pupil !== undefined) pupils.push({ row, ...pupil })
    const number = values[numberAt]
    if (number == null) continue
    const same = byNumber.get(number) ?? []
    same.push({ row, report: () => report(desk.twice, 'number') })
    byNumber.set(number, same)
  }
  const repeated = [...byNumber.values()].filter(({ length }) => length > 1).flat()
  for (const { report } of repeated) report()
  const refused = new Set(repeated.map(({ row }) => row))
  return pupils.filter(({ row }) => !refused.has(row))
}

const statusTexts = { tested: '已测', exempt: '免予执行', absent: '未测' } as const
const levelTexts = { excellent: '优秀', good: '良好', pass: '及格', fail: '不及格' } as const
const bmiTexts = { low: '低体重', normal: '正常', overweight: '超重', obese: '肥胖' } as const

/** The items that are scored, in the order of the template; height and weight are the body mass index. */
const itemTitles = [
  ['bmi', '体重指数'],
  ...templateContract.fields
    .filter(({ name }) => !/^(grade|class|number|sex|birth_date|height|weight)|_m$/.test(name))
    .map(({ name, title }) => [name, title.zh] as const),
] as const

/** A CSV that opens in Excel: scores, then bonus, total and level. */
function scoresCsv(pupils: readonly ScoredRow[]): string {
  const header = [
    ...['行 Row', '状态 Status', ...itemTitles.map(([name, title]) => `${title}得分 ${name}`)],
    ...['体重等级 BMI level', '附加分 Bonus', '综合成绩 Total', '等级 Level'],
  ]
  const lines = pupils.map(({ row, status, scores, bmiLevel, bonus, total, level }) => [
    ...[String(row), statusTexts[status]],
    ...itemTitles.map(([name]) => textOf(scores[name as keyof typeof scores])),
    bmiLevel === undefined ? null : bmiTexts[bmiLevel],
    ...[textOf(bonus), total ?? null],
    level === undefined ? null : levelTexts[level],
  ])
  return `\ufeff${csvLines([header, ...lines])}`
}

const textOf = (points: number | undefined) => (points === undefined ? null : String(points))

/** Findings that are shown; --findings and --json have all. */
const findingsShown = 20

/** Reports to standard error, since the scores may go to standard output. */
function report(
  scored: number,
  { errors, warnings, findings }: { errors: number; warnings: number; findings: readonly Finding[] },
): void {
  print.refusal(`${scored} pupils scored; ${errors} errors, ${warnings} warnings`)
  for (const finding of findings.slice(0, findingsShown)) print.refusal(`  ${findingLine(finding)}`)
  const more = errors + warnings - findingsShown
  if (more > 0) print.refusal(`  … ${more} more; --findings <file> writes all`)
}
