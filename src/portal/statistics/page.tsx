/** The page that compares a dataset's statistics: a chart with intervals, a map, and a table of the same figures. */
import { type AppContext, listVersions } from '../../catalogue/index.ts'
import { codesOf, type Field, type LoadedContract } from '../../contract/index.ts'
import { problem } from '../../platform/problem.ts'
import { Picture } from '../components/scroll.tsx'
import { Badge, decimals, unitText } from '../components/words.tsx'
import { DatasetTabs } from '../datasets/tabs.tsx'
import { queryText } from '../explorer/question.ts'
import type { Html } from '../html.tsx'
import { page } from '../layout.tsx'
import { inView, to, type View, withParameters } from '../view.ts'
import type { ComparePage } from './compare-page.ts'
import { type Comparable, comparableOf } from './dimensions.ts'
import { DotChart } from './dot-chart.tsx'
import { FiguresTable } from './figures-table.tsx'
import { findComparison } from './find-comparison.ts'
import { QuestionForm } from './form.tsx'
import { byEdition, type ComparisonQuestion, comparisonOf } from './question.ts'
import { hasTiles, TileMap } from './tile-map.tsx'

/** Renders the page. Throws `not-found` for a dataset that can't be compared, and the problems of the API. */
export async function renderComparison(
  context: AppContext,
  loaded: LoadedContract,
  view: View,
): Promise<string> {
  const comparable = comparableOf(loaded.contract)
  if (comparable === undefined) throw problem('not-found')
  const versions = await listVersions(context.database, { dataset: loaded.contract.dataset })
  const editions = [
    ...new Set(versions.filter(({ state }) => state !== 'withdrawn').map(({ edition }) => edition)),
  ]
  const requested = comparisonOf(context.contracts, comparable, view.parameters)
  const comparison = await findComparison(context, loaded, comparable, requested)
  const question = { ...requested, measure: comparison.measure }
  return renderPage({ context, comparable, question, requested, comparison, editions, view })
}

function renderPage(parts: ComparePage): string {
  const { comparable, comparison, view } = parts
  const { contract } = comparable
  const text = texts[view.language]
  const title = inView(view, contract.title)
  const query = queryText(comparison.parameters)
  const records = `/v1/datasets/${contract.dataset}/records`
  return page(view, {
    title: text.title(title),
    description: text.about,
    crumbs: [
      { text: text.statistics, href: to(view, '/statistics') },
      { text: title, href: to(view, `/datasets/${contract.dataset}`) },
    ],
    alternates: [
      { href: `${records}?${query}`, type: 'application/json' },
      { href: `${records}.csv?${query}`, type: 'text/csv' },
    ],
    main: (
      <>
        <h1>
          {title} {comparison.synthetic && <Badge language={view.language} />}
        </h1>
        <DatasetTabs contract={contract} current="compare" view={view} />
        <By {...parts} />
        <QuestionForm {...parts} />
        {parts.requested.measure !== parts.question.measure && (
          <div class="note">
            <p>
              {text.instead(
                inView(view, parts.requested.measure.field.title),
                inView(view, parts.question.measure.field.title),
              )}
            </p>
          </div>
        )}
        <Figures {...parts} />
        <p class="links">
          <a href={to(view, `/datasets/${contract.dataset}/table`, comparison.parameters)}>{text.table}</a>
          <a href={`${records}.csv?${query}&variant=excel&lang=${view.language}`}>{text.csv}</a>
          <a href={`${records}?${query}`}>JSON</a>
        </p>
        <section aria-labelledby="reading">
          <h2 id="reading">{text.reading}</h2>
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

/** The dimensions as links: the same question by another one. */
function By({ comparable, question, view }: ComparePage): Html {
  const text = texts[view.language]
  const names = [
    ...comparable.dimensions.map(({ field }) => [field.name, inView(view, field.title)] as const),
    [byEdition, text.edition] as const,
  ]
  return (
    <nav class="pages" aria-label={text.by}>
      {names.map(([name, title]) => {
        // A dimension that is now compared is no longer held to a code.
        const changes = { by: name, [name]: undefined, only: undefined }
        const series = question.series === name ? { series: undefined } : {}
        return (
          <a
            key={name}
            href={to(view, view.path, withParameters(view, { ...changes, ...series }))}
            aria-current={question.by === name ? 'true' : undefined}
          >
            {text.byOne(title)}
          </a>
        )
      })}
    </nav>
  )
}

function Figures(parts: ComparePage): Html {
  const { comparable, question, comparison, view } = parts
  const text = texts[view.language]
  const { field } = question.measure
  const digits = field.type === 'integer' ? 0 : (field.scale ?? 1)
  const format = (value: number) => decimals(value, digits)
  const categories = labelled(parts, question.by, comparison.categories)
  const series = question.series === undefined ? [] : labelled(parts, question.series, comparison.series)
  const hasValues = comparison.points.some(({ value, isWithheld }) => value !== null || isWithheld)
  const heading = headingOf(parts)
  if (!hasValues) {
    return (
      <div class="note">
        <p>{text.nothing}</p>
      </div>
    )
  }
  const first = series[0]?.code ?? ''
  const mapped = comparable.dimensions.find(({ field: own }) => own.name === question.by)
  const places = mapped === undefined ? [] : (codesOf(parts.context.contracts, mapped.field) ?? [])
  return (
    <section aria-labelledby="figures">
      <h2 id="figures">{heading}</h2>
      <Picture labelledBy="figures">
        <figcaption>{text.caption}</figcaption>
        {series.length > 1 && (
          <ul class="legend">
            {series.map(({ code, label }, index) => (
              <li key={code}>
                <svg viewBox="0 0 10 10" aria-hidden="true">
                  <circle class={`s${(index % 6) + 1}`} cx="5" cy="5" r="5" />
                </svg>
                {label}
              </li>
            ))}
          </ul>
        )}
        <DotChart
          points={comparison.points}
          categories={categories}
          series={series}
          fromZero={field.unit === '%' || field.role === 'count'}
          format={format}
          withheld={text.withheld}
        />
      </Picture>
      <FiguresTable
        caption={heading}
        points={comparison.points}
        categories={categories}
        series={series}
        byTitle={titleOf(parts, question.by)}
        seriesTitle={question.series === undefined ? undefined : titleOf(parts, question.series)}
        measure={field}
        base={baseOf(comparable, question)}
        format={format}
        view={view}
      />
      {hasTiles(places.map(({ code }) => code)) && (
        <TileMap
          points={comparison.points.filter((point) => point.series === first)}
          labels={new Map(places.map(({ code, label }) => [code, inView(view, label)]))}
          format={format}
          texts={{
            title: series.length > 1 ? `${text.map} (${series[0]?.label})` : text.map,
            withheld: text.withheld,
            none: '—',
          }}
        />
      )}
    </section>
  )
}

function baseOf({ contract }: Comparable, { measure }: ComparisonQuestion): Field | undefined {
  return contract.fields.find(({ name }) => name === measure.base)
}

function titleOf({ comparable, view }: ComparePage, name: string): string {
  const dimension = comparable.dimensions.find(({ field }) => field.name === name)
  return dimension === undefined ? texts[view.language].edition : inView(view, dimension.field.title)
}

/** Codes with their labels, in the order of their list; editions the oldest first. */
function labelled({ context, comparable, view }: ComparePage, name: string, codes: readonly string[]) {
  const dimension = comparable.dimensions.find(({ field }) => field.name === name)
  if (dimension === undefined) return [...codes].sort().map((code) => ({ code, label: code }))
  return (codesOf(context.contracts, dimension.field) ?? [])
    .filter(({ code }) => codes.includes(code))
    .map(({ code, label }) => ({ code, label: inView(view, label) }))
}

/** The unit of the measure, else that of the indicator: a mean of seconds is in seconds. */
function unitOf(
  { contracts }: AppContext,
  { indicator }: Comparable,
  { measure, indicator: code }: ComparisonQuestion,
): string | undefined {
  const { unit, role } = measure.field
  if (unit !== undefined || role !== 'measure' || indicator === undefined) return unit
  const found = codesOf(contracts, indicator.field)?.find((one) => one.code === code)
  return found?.extra['unit'] || undefined
}

/** What the figures are: measure, indicator, level, and the codes that are held. */
function headingOf({ context, comparable, question, comparison, view }: ComparePage): string {
  const { indicator, level, dimensions } = comparable
  const label = (field: Field, code: string) => {
    const found = codesOf(context.contracts, field)?.find((one) => one.code === code)
    return found === undefined ? code : inView(view, found.label)
  }
  const { field } = question.measure
  const unit = unitOf(context, comparable, question)
  const shown = unit === undefined ? '' : ` (${unitText(unit, view.language)})`
  const held = dimensions
    .filter(({ field: own }) => own.name !== question.by && own.name !== question.series)
    .flatMap(({ field: own, total }) => {
      const code = question.fixed[own.name]
      return code === undefined || code === total ? [] : [label(own, code)]
    })
  const isLevel = level !== undefined && question.level !== level.total
  return [
    indicator === undefined ? '' : label(indicator.field, question.indicator ?? ''),
    isLevel ? label(level.field, question.level ?? '') : '',
    `${inView(view, field.title)}${shown}`,
    ...held,
    comparison.edition ?? '',
  ]
    .filter((piece) => piece !== '')
    .join(' · ')
}

/** Renders the index: the datasets that can be compared, or the address of the only one. */
export function renderStatistics(
  loaded: readonly LoadedContract[],
  view: View,
): string | { readonly redirect: string } {
  const text = texts[view.language]
  const found = loaded.filter(({ contract }) => comparableOf(contract) !== undefined)
  const [only, ...others] = found
  if (only !== undefined && others.length === 0)
    return { redirect: to(view, `/datasets/${only.contract.dataset}/compare`) }
  return page(view, {
    title: text.statistics,
    main: (
      <>
        <h1>{text.statistics}</h1>
        {found.length === 0 && <p>{text.none}</p>}
        <ul>
          {found.map(({ contract }) => (
            <li key={contract.dataset}>
              <a href={to(view, `/datasets/${contract.dataset}/compare`)}>{inView(view, contract.title)}</a>
            </li>
          ))}
        </ul>
      </>
    ),
  })
}

const texts = {
  zh: {
    statistics: '统计比较',
    title: (title: string) => `图表比较 · ${title}`,
    about: '按区、年级、性别和年度比较各项指标，附置信区间和人数。',
    by: '比较方式',
    byOne: (title: string) => `按${title}`,
    edition: '期次',
    nothing:
      '所选范围没有这项统计，请换一项统计量、等级或性别：有的项目只测男生或女生，优良率只有综合成绩才有。',
    instead: (requested: string, shown: string) => `所选项目没有“${requested}”，改为显示“${shown}”。`,
    caption: '圆点为公布值，横线为95%置信区间；斜线框为不公布的值可能所在的范围。',
    withheld: '不公布',
    map: '各区分布（每区一格，示意位置）',
    table: '在数据表中查看',
    csv: '下载这些数据（CSV，Excel 可直接打开）',
    reading: '怎样看这些数据',
    notes: [
      '置信区间表示：若人数更多，数值大致会落在此范围内。两区区间重叠较多时，不宜据此判断高低。',
      '比率的区间按 Wilson 法计算；均值的区间为均值 ± 1.96 × 标准差 ÷ √人数。',
      '人数过少的值不予公布，以免识别个人；为防止由合计推算，另有一些值也不公布。不公布不等于零。',
      '跑步类项目以秒计，数值小为优。',
    ],
    none: '目前没有可比较的统计数据。',
  },
  en: {
    statistics: 'Compare',
    title: (title: string) => `Compare · ${title}`,
    about: 'Indicators by district, grade, sex and year, with confidence intervals and numbers of persons.',
    by: 'Compare by',
    byOne: (title: string) => `By ${title.toLowerCase()}`,
    edition: 'Edition',
    nothing:
      'There is no such figure here. Choose another measure, level or sex: some items are tested of boys or girls only, and rates exist for the total score alone.',
    instead: (requested: string, shown: string) =>
      `This indicator has no “${requested}”; “${shown}” is shown.`,
    caption:
      'A dot is a published value, its line the 95 % interval; a hatched box is the range of a withheld value.',
    withheld: 'withheld',
    map: 'By district (one tile each, roughly where it is)',
    table: 'See them in the table',
    csv: 'Download these figures (CSV for Excel)',
    reading: 'How to read this',
    notes: [
      'An interval says how far a figure may be off by chance. Where the intervals of two districts overlap widely, neither is better.',
      'Intervals of rates are Wilson’s; those of means are the mean ± 1.96 × standard deviation ÷ √number.',
      'Figures of few persons are withheld, so that nobody can be recognised, and others so that these can’t be computed. Withheld is not zero.',
      'Runs are in seconds: less is better.',
    ],
    none: 'There are no statistics to compare yet.',
  },
} as const
