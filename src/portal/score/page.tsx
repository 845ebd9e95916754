/**
 * What the fitness standard asks of a grade and sex, as a table; and a form that scores one child's results in the
 * browser. The service gets grade and sex for the table, never a result.
 */
import { type Contracts, labelOf } from '../../contract/index.ts'
import { scoredGrades, thresholdsOf } from '../../derivations/index.ts'
import { problem } from '../../platform/problem.ts'
import { Scroll } from '../components/scroll.tsx'
import { Hidden } from '../components/search-form.tsx'
import { unitText } from '../components/words.tsx'
import type { Html } from '../html.tsx'
import { page } from '../layout.tsx'
import { to, type View } from '../view.ts'

interface ScorePage {
  readonly contracts: Contracts
  readonly grade: number
  readonly sex: 1 | 2
  readonly view: View
}

/** A girl of grade 8 at first: the standard has an endurance run and sit-ups for her. */
const [gradeDefault, sexDefault] = [22, 2] as const

/** Renders the page. Throws `parameter-invalid` for a grade or sex without a table. */
export function renderScore(contracts: Contracts, view: View): string {
  const chosen = (name: string, usual: number) => Number(view.parameters.get(name) || usual)
  const [grade, sex] = [chosen('grade', gradeDefault), chosen('sex', sexDefault)]
  if (!scoredGrades.includes(grade)) {
    throw problem('parameter-invalid', {
      path: 'grade',
      detail: `Expected one of ${scoredGrades.join(', ')}.`,
    })
  }
  if (sex !== 1 && sex !== 2) throw problem('parameter-invalid', { path: 'sex', detail: 'Expected 1 or 2.' })
  const text = texts[view.language]
  const parts: ScorePage = { contracts, grade, sex, view }
  return page(view, {
    title: text.title,
    description: text.about,
    scripts: ['/assets/score.js'],
    main: (
      <>
        <section class="lead">
          <h1>{text.title}</h1>
          <p>{text.about}</p>
        </section>
        <GradeForm {...parts} />
        <Thresholds {...parts} />
        <ResultsForm {...parts} />
        <section aria-labelledby="how">
          <h2 id="how">{text.how}</h2>
          <ul>
            {text.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </section>
      </>
    ),
  })
}

function gradeLabel(contracts: Contracts, code: number, view: View): string {
  return labelOf(contracts, 'grades', String(code))?.[view.language] ?? String(code)
}

function GradeForm({ contracts, grade, sex, view }: ScorePage): Html {
  const text = texts[view.language]
  return (
    <form class="filters" method="get" action="/score">
      <Hidden view={view} />
      <div class="fields">
        <div>
          <label for="grade">{text.grade}</label>
          <select id="grade" name="grade">
            {scoredGrades.map((code) => (
              <option key={code} value={code} selected={code === grade}>
                {gradeLabel(contracts, code, view)}
              </option>
            ))}
          </select>
        </div>
        <div>
          <label for="sex">{text.sex}</label>
          <select id="sex" name="sex">
            {([1, 2] as const).map((code) => (
              <option key={code} value={code} selected={code === sex}>
                {text.sexes[code]}
              </option>
            ))}
          </select>
        </div>
        <div>
          <button type="submit">{text.show}</button>
        </div>
      </div>
    </form>
  )
}

/** Seconds of an endurance run as minutes and seconds; other results as they are. */
function resultText(item: string, value: number | null): string {
  if (value === null) return '—'
  if (!/^(run_800m|run_1000m|shuttle_50x8)$/.test(item)) return String(value)
  return `${Math.floor(value / 60)}′${String(Math.round(value % 60)).padStart(2, '0')}″`
}

function Thresholds({ contracts, grade, sex, view }: ScorePage): Html {
  const text = texts[view.language]
  const found = thresholdsOf(grade, sex)
  if (found === undefined) return <p>{text.noTable}</p>
  const { bmi } = found
  return (
    <section aria-labelledby="standard">
      <h2 id="standard">{text.standard(gradeLabel(contracts, grade, view), text.sexes[sex])}</h2>
      <Scroll labelledBy="standard">
        <table>
          <thead>
            <tr>
              <th scope="col">{text.item}</th>
              {text.levels.map((level) => (
                <th key={level} scope="col" class="number">
                  {level}
                </th>
              ))}
              <th scope="col" class="number">
                {text.weight}
              </th>
            </tr>
          </thead>
          <tbody>
            {found.items.map((item) => (
              <tr key={item.item}>
                <th scope="row">
                  {itemLabel(contracts, item.item, view)}{' '}
                  <span class="count">{text.direction[item.isLowerBetter ? 'lower' : 'higher']}</span>
                </th>
                {[item.full, item.excellent, item.good, item.pass].map((value, index) => (
                  <td key={index} class="number">
                    {resultText(item.item, value)}
                  </td>
                ))}
                <td class="number">{item.weight}%</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p>{text.bmi(String(bmi.normal), String(bmi.overweight), String(bmi.obese), bmi.weight)}</p>
    </section>
  )
}

function itemLabel(contracts: Contracts, item: string, view: View): string {
  const list = 'fitness-indicators'
  const unit = contracts.codes(list).byCode.get(item)?.[0]?.extra['unit'] ?? ''
  const label = labelOf(contracts, list, item)?.[view.language] ?? item
  const isClock = resultText(item, 61) !== '61'
  return unit === '' || unit === 'count' || isClock ? label : `${label} (${unitText(unit, view.language)})`
}

function ResultsForm({ contracts, grade, sex, view }: ScorePage): Html {
  const text = texts[view.language]
  const items = thresholdsOf(grade, sex)?.items ?? []
  const inputs: readonly (readonly [column: string, item: string, label: string])[] = [
    ['height', 'bmi', text.height],
    ['weight', 'bmi', text.weightKg],
    ...items.map(({ item }) => [item, item, itemLabel(contracts, item, view)] as const),
  ]
  return (
    <section aria-labelledby="own">
      <h2 id="own">{text.own(gradeLabel(contracts, grade, view), text.sexes[sex])}</h2>
      <p>{text.nothingSent}</p>
      <noscript>
        <p>{text.needsScript}</p>
      </noscript>
      <form id="score" class="filters" hidden data-texts={JSON.stringify(text.results)}>
        <input type="hidden" data-column="grade" value={grade} />
        <input type="hidden" data-column="sex" value={sex} />
        <div class="fields">
          {inputs.map(([column, item, label]) => (
            <div key={column}>
              <label for={`r-${column}`}>{label}</label>
              <input
                id={`r-${column}`}
                data-column={column}
                data-item={item}
                autoComplete="off"
                aria-describedby={`result-${column}`}
              />
              <div id={`result-${column}`} class="faint" aria-live="polite" />
            </div>
          ))}
        </div>
        <p>
          <strong>{text.total}</strong> <span id="total" role="status" />
        </p>
      </form>
      <p>
        <a href={to(view, '/statistics')}>{text.compare}</a>
      </p>
    </section>
  )
}

const texts = {
  zh: {
    title: '体质健康测试评分',
    about: '按《国家学生体质健康标准（2014年修订）》查询各年级的评分标准，并计算一名学生的得分和等级。',
    grade: '年级（预初选六年级）',
    sex: '性别',
    sexes: { 1: '男', 2: '女' },
    show: '显示标准',
    noTable: '标准中没有此年级。',
    standard: (grade: string, sex: string) => `${grade}${sex}生：各等级的起点`,
    item: '项目',
    levels: ['满分（100）', '优秀（90）', '良好（80）', '及格（60）'],
    weight: '权重',
    direction: { lower: '用时越短越好', higher: '数值越大越好' },
    bmi: (normal: string, overweight: string, obese: string, weight: number) =>
      `体重指数（BMI，占 ${weight}%）：低于 ${normal} 为低体重，${normal} 起为正常，${overweight} 起为超重，${obese} 起为肥胖。`,
    own: (grade: string, sex: string) => `计算得分（${grade}，${sex}）`,
    nothingSent: '成绩只在您的浏览器中计算，不上传、不保存。',
    needsScript: '计算需要启用 JavaScript；未启用时可对照上表查看。',
    height: '身高（厘米）',
    weightKg: '体重（千克）',
    total: '综合成绩：',
    compare: '查看各区的统计结果',
    results: {
      ...{ points: '分', bonus: '含附加分', incomplete: '填齐全部项目后显示' },
      ...{ excellent: '优秀', good: '良好', pass: '及格', fail: '不及格' },
      ...{ low: '低体重', normal: '正常', overweight: '超重', obese: '肥胖' },
    },
    how: '说明',
    notes: [
      '综合成绩 = 各项得分 × 权重之和 + 附加分；90 分起为优秀，80 分起为良好，60 分起为及格。',
      '800 米、1000 米和往返跑可写作 3′45″、3:45 或 225（秒）。',
      '五四学制的预初按六年级评分。',
      '计算程序与统计数据所用的相同。',
    ],
  },
  en: {
    title: 'Score a fitness test',
    about:
      'What the National Student Physical Fitness Standard (2014 revision) asks of each grade, and the points and level of one pupil.',
    grade: 'Grade',
    sex: 'Sex',
    sexes: { 1: 'boys', 2: 'girls' },
    show: 'Show the standard',
    noTable: 'The standard has no table for this grade.',
    standard: (grade: string, sex: string) => `${grade}, ${sex}: where each level begins`,
    item: 'Item',
    levels: ['Full (100)', 'Excellent (90)', 'Good (80)', 'Pass (60)'],
    weight: 'Weight',
    direction: { lower: 'less is better', higher: 'more is better' },
    bmi: (normal: string, overweight: string, obese: string, weight: number) =>
      `Body mass index (${weight} %): below ${normal} underweight, from ${normal} normal, from ${overweight} overweight, from ${obese} obese.`,
    own: (grade: string, sex: string) => `Score results (${grade}, ${sex})`,
    nothingSent: 'Results are scored in your browser. Nothing is sent or stored.',
    needsScript: 'Scoring needs JavaScript. Without it, compare results with the table above.',
    height: 'Height (cm)',
    weightKg: 'Weight (kg)',
    total: 'Total:',
    compare: 'See the statistics of all districts',
    results: {
      ...{ points: 'points', bonus: 'with a bonus of', incomplete: 'shown once every item is filled in' },
      ...{ excellent: 'excellent', good: 'good', pass: 'pass', fail: 'fail' },
      ...{ low: 'underweight', normal: 'normal', overweight: 'overweight', obese: 'obese' },
    },
    how: 'Notes',
    notes: [
      'Total = sum of points × weight, plus bonus; excellent from 90 points, good from 80, pass from 60.',
      'Write 800 m, 1000 m and the shuttle run as 3′45″, 3:45 or 225 (seconds).',
      'The same functions score the published statistics.',
    ],
  },
} as const
