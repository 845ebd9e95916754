/** The form of a comparison: indicator, measure, level, series, and codes to hold or to compare. */
import { type Contracts, codesOf, type Field } from '../../contract/index.ts'
import { Hidden } from '../components/search-form.tsx'
import { unitText } from '../components/words.tsx'
import type { Html } from '../html.tsx'
import { inView, to, type View } from '../view.ts'
import type { ComparePage } from './compare-page.ts'
import { byEdition } from './question.ts'

type Option = readonly [value: string, label: string]

export function QuestionForm(parts: ComparePage): Html {
  const { context, comparable, question, editions, view } = parts
  const { dimensions, indicator, level, measures } = comparable
  const text = texts[view.language]
  const { contracts } = context
  const series: readonly Option[] = [
    ['', text.noSeries],
    ...dimensions
      .filter(({ field }) => field.name !== question.by)
      .map(({ field }): Option => [field.name, inView(view, field.title)]),
    ...(question.by === byEdition ? [] : [[byEdition, text.edition] as const]),
  ]
  const held = dimensions.filter(({ field: { name } }) => name !== question.by && name !== question.series)
  return (
    <form class="filters" method="get" action={view.path}>
      <Hidden view={view} values={[['by', question.by]]} />
      <div class="fields">
        {indicator !== undefined && (
          <Choice
            name={indicator.field.name}
            label={inView(view, indicator.field.title)}
            options={optionsOf(contracts, indicator.field, view)}
            chosen={question.indicator}
          />
        )}
        <Choice
          name="measure"
          label={text.measure}
          options={measures.map(({ field }) => [field.name, measureLabel(field, view)])}
          chosen={question.measure.field.name}
        />
        {level !== undefined && (
          <Choice
            name={level.field.name}
            label={inView(view, level.field.title)}
            options={optionsOf(contracts, level.field, view)}
            chosen={question.level}
          />
        )}
        <Choice name="series" label={text.series} options={series} chosen={question.series ?? ''} />
        {held.map(({ field, total }) => (
          <Choice
            key={field.name}
            name={field.name}
            label={inView(view, field.title)}
            options={optionsOf(contracts, field, view)}
            chosen={question.fixed[field.name] ?? total}
          />
        ))}
        {question.by !== byEdition && question.series !== byEdition && (
          <Choice
            name={byEdition}
            label={text.edition}
            options={[['', text.latest], ...editions.map((name): Option => [name, name])]}
            chosen={question.edition ?? ''}
          />
        )}
      </div>
      <Only {...parts} />
      <div class="submit">
        <button type="submit">{text.show}</button>
        <a href={to(view, view.path)}>{text.clear}</a>
      </div>
    </form>
  )
}

/** Checkboxes of the codes to compare; all if none is checked. */
function Only({ context, comparable, question, view }: ComparePage): Html | undefined {
  const text = texts[view.language]
  const dimension = comparable.dimensions.find(({ field }) => field.name === question.by)
  if (dimension === undefined) return undefined
  const codes = (codesOf(context.contracts, dimension.field) ?? []).filter(
    ({ code }) => code !== dimension.total,
  )
  return (
    <details open={question.only.length > 0}>
      <summary>{text.only(inView(view, dimension.field.title))}</summary>
      <fieldset>
        <legend class="unseen">{text.only(inView(view, dimension.field.title))}</legend>
        <div class="checks">
          {codes.map(({ code, label }) => (
            <label key={code}>
              <input type="checkbox" name="only" value={code} checked={question.only.includes(code)} />{' '}
              {inView(view, label)}
            </label>
          ))}
        </div>
      </fieldset>
    </details>
  )
}

function optionsOf(contracts: Contracts, field: Field, view: View): readonly Option[] {
  return (codesOf(contracts, field) ?? []).map(({ code, label }) => [code, inView(view, label)])
}

function measureLabel(field: Field, view: View): string {
  const title = inView(view, field.title)
  return field.unit === undefined ? title : `${title} (${unitText(field.unit, view.language)})`
}

interface ChoiceParts {
  readonly name: string
  readonly label: string
  readonly options: readonly Option[]
  readonly chosen: string | undefined
}

function Choice({ name, label, options, chosen }: ChoiceParts): Html {
  const id = `c-${name}`
  return (
    <div>
      <label for={id}>{label}</label>
      <select id={id} name={name}>
        {options.map(([value, meaning]) => (
          <option key={value} value={value} selected={value === chosen}>
            {meaning}
          </option>
        ))}
      </select>
    </div>
  )
}

const texts = {
  zh: {
    measure: '统计量',
    series: '分组显示',
    noSeries: '不分组',
    edition: '期次',
    latest: '最新一期',
    only: (title: string) => `选择要比较的${title}`,
    show: '显示',
    clear: '恢复默认',
  },
  en: {
    measure: 'Measure',
    series: 'In groups by',
    noSeries: 'no groups',
    edition: 'Edition',
    latest: 'Latest',
    only: (title: string) => `Choose what to compare: ${title.toLowerCase()}`,
    show: 'Show',
    clear: 'Reset',
  },
} as const
