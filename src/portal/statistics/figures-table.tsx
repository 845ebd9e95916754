/** The figures of a chart as a table: value, interval, number of persons; withheld values with their range. */

import type { Field } from '../../contract/index.ts'
import { Scroll } from '../components/scroll.tsx'
import { number, unitText } from '../components/words.tsx'
import type { Html } from '../html.tsx'
import { inView, type View } from '../view.ts'
import type { Point } from './find-comparison.ts'

interface Labelled {
  readonly code: string
  readonly label: string
}

interface FiguresParts {
  readonly caption: string
  readonly points: readonly Point[]
  readonly categories: readonly Labelled[]
  readonly series: readonly Labelled[]
  readonly byTitle: string
  readonly seriesTitle: string | undefined
  readonly measure: Field
  readonly base: Field | undefined
  readonly format: (value: number) => string
  readonly view: View
}

export function FiguresTable(parts: FiguresParts): Html {
  const { caption, points, categories, series, byTitle, seriesTitle, measure, base, format, view } = parts
  const text = texts[view.language]
  const labelOf = (code: string) => series.find((one) => one.code === code)?.label ?? code
  const hasRange = points.some(({ range }) => range !== undefined)
  const unit = measure.unit === undefined ? '' : ` (${unitText(measure.unit, view.language)})`
  return (
    <Scroll labelledBy="figures">
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{byTitle}</th>
            {seriesTitle !== undefined && <th scope="col">{seriesTitle}</th>}
            <th scope="col" class="number">
              {inView(view, measure.title)}
              {unit}
            </th>
            {hasRange && (
              <th scope="col" class="number">
                {text.interval}
              </th>
            )}
            {base !== undefined && base.name !== measure.name && (
              <th scope="col" class="number">
                {inView(view, base.title)}
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {categories.flatMap(({ code, label }) =>
            points
              .filter(({ category }) => category === code)
              .map((point) => (
                <tr key={`${code} ${point.series}`}>
                  <th scope="row" class="nowrap">
                    {label}
                  </th>
                  {seriesTitle !== undefined && <td>{labelOf(point.series)}</td>}
                  <td class={point.isWithheld ? 'number withheld' : 'number'}>
                    {point.isWithheld ? text.withheld : point.value === null ? '—' : format(point.value)}
                  </td>
                  {hasRange && <td class="number nowrap">{rangeText(point, format, text.between)}</td>}
                  {base !== undefined && base.name !== measure.name && (
                    <td class="number">{point.base === null ? '—' : number(point.base)}</td>
                  )}
                </tr>
              )),
          )}
        </tbody>
      </table>
    </Scroll>
  )
}

function rangeText({ range, isWithheld }: Point, format: (value: number) => string, between: string): string {
  if (range === undefined) return '—'
  const text = `${format(range.low)} – ${format(range.high)}`
  return isWithheld ? `${between} ${text}` : text
}

const texts = {
  zh: { interval: '95% 置信区间', withheld: '不公布', between: '介于' },
  en: { interval: '95 % interval', withheld: 'withheld', between: 'within' },
} as const
