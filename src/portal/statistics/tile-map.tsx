/**
 * Districts as tiles, roughly where they are: each has the same size, so that small districts are seen as well as large
 * ones. A withheld value is hatched; a district without a value is grey.
 */
import { Fragment } from 'preact'
import type { Html } from '../html.tsx'
import type { Point } from './find-comparison.ts'

/** Column and row by the code of the district (GB/T 2260); Chongming is the island in the north. */
const places: Readonly<Record<string, readonly [column: number, row: number]>> = {
  ...{ '310151': [3, 0], '310114': [1, 1], '310113': [2, 1] },
  ...{ '310107': [1, 2], '310106': [2, 2], '310109': [3, 2], '310110': [4, 2] },
  ...{ '310118': [0, 3], '310105': [1, 3], '310101': [2, 3], '310115': [3, 3] },
  ...{ '310117': [0, 4], '310112': [1, 4], '310104': [2, 4] },
  ...{ '310116': [1, 5], '310120': [2, 5] },
}

/** Districts that must be known for a map to help. */
const placesMin = 10

const tile = 64

interface TileMapParts {
  readonly points: readonly Point[]
  readonly labels: ReadonlyMap<string, string>
  readonly format: (value: number) => string
  readonly texts: { readonly title: string; readonly withheld: string; readonly none: string }
}

/** Whether the codes of a dimension can be drawn as tiles. */
export function hasTiles(codes: readonly string[]): boolean {
  return codes.filter((code) => code in places).length >= placesMin
}

export function TileMap({ points, labels, format, texts }: TileMapParts): Html {
  const classes = classesOf(points)
  return (
    <figure class="chart tiles">
      <figcaption>{texts.title}</figcaption>
      <svg viewBox={`0 0 ${5 * tile} ${6 * tile}`} aria-hidden="true">
        {Object.entries(places).map(([code, [column, row]]) => {
          const point = points.find(({ category }) => category === code)
          const value = point?.value ?? null
          const step = value === null ? undefined : classes.of(value)
          const [x, y] = [column * tile, row * tile]
          const ink = step === undefined ? 'plain' : step > 3 ? 'light' : undefined
          return (
            <Fragment key={code}>
              <rect
                class={step !== undefined ? `t${step}` : point?.isWithheld === true ? 'hidden-cell' : 'none'}
                x={x}
                y={y}
                width={tile}
                height={tile}
                rx="6"
              />
              <text class={ink} x={x + tile / 2} y={y + 28}>
                {nameOf(labels.get(code) ?? code)}
              </text>
              <text class={ink} x={x + tile / 2} y={y + 46}>
                {value !== null ? format(value) : point?.isWithheld === true ? texts.withheld : texts.none}
              </text>
            </Fragment>
          )
        })}
      </svg>
      <ul class="legend">
        {classes.bounds.map(([low, high], index) => (
          <li key={low}>
            <svg viewBox="0 0 10 10" aria-hidden="true">
              <rect class={`t${index + 1}`} width="10" height="10" />
            </svg>
            {format(low)}–{format(high)}
          </li>
        ))}
      </ul>
    </figure>
  )
}

const classCount = 5

/** Five classes of equal width over the values. */
function classesOf(points: readonly Point[]) {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]))
  const [least, most] = values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)]
  const step = (most - least) / classCount
  return {
    of: (value: number) => (step === 0 ? 3 : Math.min(classCount, Math.floor((value - least) / step) + 1)),
    bounds:
      values.length === 0 || step === 0
        ? []
        : Array.from({ length: classCount }, (_, n) => [least + n * step, least + (n + 1) * step] as const),
  }
}

/** A name without what every name ends with, so that it fits. */
const nameOf = (label: string) =>
  label.replace(/( District| New Area)$/, '').replace(/^(.{2,}?)(新区|区)$/, '$1')
