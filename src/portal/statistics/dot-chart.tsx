/**
 * Values as dots with their intervals, one row a category: an SVG drawn on the server. A withheld value is a hatched band
 * over the range it must be in, or over the whole width if nothing bounds it; it is never a dot at zero.
 */
import { Fragment } from 'preact'
import type { Html } from '../html.tsx'
import type { Point } from './find-comparison.ts'
import type { Range } from './intervals.ts'

interface ChartParts {
  readonly points: readonly Point[]
  readonly categories: readonly { readonly code: string; readonly label: string }[]
  readonly series: readonly { readonly code: string; readonly label: string }[]
  /** Whether the axis begins at zero. */
  readonly fromZero: boolean
  readonly format: (value: number) => string
  /** What a withheld value is called. */
  readonly withheld: string
}

const [width, left, right, top, bottom] = [720, 168, 76, 8, 30]
const rowHeight = 22

export function DotChart({ points, categories, series, fromZero, format, withheld }: ChartParts): Html {
  const lanes = Math.max(1, series.length)
  const bandHeight = lanes * rowHeight * (lanes > 1 ? 0.75 : 1) + 6
  const height = top + categories.length * bandHeight + bottom
  const axis = axisOf(points, fromZero)
  const x = (value: number) => left + ((value - axis.low) / (axis.high - axis.low)) * (width - left - right)
  return (
    <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <defs>
        <pattern
          id="withheld"
          width="6"
          height="6"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <line class="hatch" x1="0" y1="0" x2="0" y2="6" />
        </pattern>
      </defs>
      {axis.ticks.map((tick) => (
        <Fragment key={tick}>
          <line class="grid" x1={x(tick)} x2={x(tick)} y1={top} y2={height - bottom} />
          <text class="axis" x={x(tick)} y={height - bottom + 17} text-anchor="middle">
            {tick.toLocaleString('en-US')}
          </text>
        </Fragment>
      ))}
      {categories.map(({ code, label }, row) => {
        const y = top + row * bandHeight
        return (
          <Fragment key={code}>
            <text x={left - 10} y={y + bandHeight / 2 + 4} text-anchor="end">
              {shortened(label)}
            </text>
            {(series.length === 0 ? [{ code: '' }] : series).map((one, lane) => {
              const point = points.find((other) => other.category === code && other.series === one.code)
              const middle = y + ((lane + 0.5) * (bandHeight - 4)) / lanes + 2
              return (
                point !== undefined && (
                  <Dot
                    key={one.code}
                    point={point}
                    className={`s${(lane % 6) + 1}`}
                    y={middle}
                    x={x}
                    axis={axis}
                    format={format}
                    withheld={withheld}
                  />
                )
              )
            })}
          </Fragment>
        )
      })}
    </svg>
  )
}

interface DotParts {
  readonly point: Point
  readonly className: string
  readonly y: number
  readonly x: (value: number) => number
  readonly axis: Range
  readonly format: (value: number) => string
  readonly withheld: string
}

function Dot({ point, className, y, x, axis, format, withheld }: DotParts): Html | undefined {
  const { value, range, isWithheld } = point
  if (isWithheld) {
    const [from, until] = [x(range?.low ?? axis.low), x(range?.high ?? axis.high)]
    return (
      <>
        <rect class="hidden-cell" x={from} y={y - 6} width={Math.max(3, until - from)} height="12" />
        <text class="axis" x={Math.min(until + 6, width - right + 4)} y={y + 4}>
          {withheld}
        </text>
      </>
    )
  }
  if (value === null) return undefined
  const end = Math.max(x(value), range === undefined ? 0 : x(range.high))
  return (
    <g class={className}>
      {range !== undefined && <line class="interval" x1={x(range.low)} x2={x(range.high)} y1={y} y2={y} />}
      <circle cx={x(value)} cy={y} r="5" />
      <text x={end + 8} y={y + 4}>
        {format(value)}
      </text>
    </g>
  )
}

/** The axis over all values and ranges, with round ticks. */
function axisOf(points: readonly Point[], fromZero: boolean): Range & { readonly ticks: readonly number[] } {
  const values = points.flatMap(({ value, range }) => [
    ...(value === null ? [] : [value]),
    ...(range === undefined ? [] : [range.low, range.high]),
  ])
  const least = fromZero || values.length === 0 ? 0 : Math.min(...values)
  const most = values.length === 0 ? 1 : Math.max(...values)
  const span = most - least || Math.abs(most) || 1
  const rough = span / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
  const low = fromZero ? 0 : Math.floor(least / step) * step
  const high = Math.max(Math.ceil(most / step) * step, low + step)
  const count = Math.round((high - low) / step)
  // Whole multiples, so that no tick is 0.30000000000000004.
  const ticks = Array.from({ length: count + 1 }, (_, n) => Number((low + n * step).toPrecision(12)))
  return { low, high, ticks }
}

/** A label that fits beside the rows. A Chinese character is twice as wide as a letter. */
function shortened(label: string): string {
  let size = 0
  let text = ''
  for (const character of label) {
    size += character > '\u2e7f' ? 2 : 1
    if (size > 23) return `${text}…`
    text += character
  }
  return text
}
