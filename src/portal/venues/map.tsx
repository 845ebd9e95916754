/** Venues as dots by their coordinates: no tiles, no other service. The list beside it says the same in words. */
import type { Html } from '../html.tsx'
import { to, type View } from '../view.ts'
import type { OpenVenue } from './find-open.ts'

interface MapParts {
  readonly venues: readonly OpenVenue[]
  readonly districts: ReadonlyMap<string, string>
  readonly view: View
}

const [width, height, margin] = [360, 360, 24]

export function VenueMap({ venues, districts, view }: MapParts): Html | undefined {
  if (venues.length === 0) return undefined
  const text = texts[view.language]
  const project = projectionOf(venues)
  const byDistrict = new Map<string, OpenVenue[]>()
  for (const venue of venues) {
    const code = venue.district ?? ''
    byDistrict.set(code, [...(byDistrict.get(code) ?? []), venue])
  }
  return (
    <figure class="chart map">
      <figcaption>{text.title}</figcaption>
      <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true" data-map={project.frame}>
        {venues.map((venue) => {
          const [x, y] = project.of(venue)
          return (
            <a key={venue.id} href={to(view, `/venues/${encodeURIComponent(venue.id)}`)} tabIndex={-1}>
              <circle class={venue.state} cx={x.toFixed(1)} cy={y.toFixed(1)} r="5">
                <title>{`${venue.name} ${venue.facility}`}</title>
              </circle>
            </a>
          )
        })}
        {[...byDistrict].map(([code, own]) => {
          const [x, y] = project.of({
            longitude: own.reduce((sum, { longitude }) => sum + longitude, 0) / own.length,
            latitude: own.reduce((sum, { latitude }) => sum + latitude, 0) / own.length,
          })
          return (
            <text key={code} class="axis" x={x.toFixed(1)} y={(y - 8).toFixed(1)} text-anchor="middle">
              {districts.get(code) ?? ''}
            </text>
          )
        })}
      </svg>
      <ul class="legend">
        {(['open', 'not-known', 'closed'] as const)
          .filter((state) => venues.some((venue) => venue.state === state))
          .map((state) => (
            <li key={state}>
              <svg viewBox="0 0 10 10" aria-hidden="true">
                <circle class={state} cx="5" cy="5" r="4.5" />
              </svg>
              {text.states[state]}
            </li>
          ))}
      </ul>
    </figure>
  )
}

type Point = Pick<OpenVenue, 'longitude' | 'latitude'>

/** Degrees to the picture: a degree of longitude is shorter by the cosine of the latitude. */
function projectionOf(points: readonly Point[]) {
  const [west, east] = rangeOf(points.map(({ longitude }) => longitude))
  const [south, north] = rangeOf(points.map(({ latitude }) => latitude))
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180)
  const span = Math.max((east - west) * squeeze, north - south, 0.01)
  const scale = (width - 2 * margin) / span
  const [left, top] = [(width - (east - west) * squeeze * scale) / 2, (height - (north - south) * scale) / 2]
  return {
    of: ({ longitude, latitude }: Point): readonly [number, number] => [
      left + (longitude - west) * squeeze * scale,
      top + (north - latitude) * scale,
    ],
    /** What a script needs to draw a place: west, north, squeeze, scale, left, top. */
    frame: [west, north, squeeze, scale, left, top].map((number) => number.toFixed(5)).join(' '),
  }
}

function rangeOf(values: readonly number[]): readonly [number, number] {
  return [
    values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
    values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
  ]
}

const texts = {
  zh: {
    title: '场地分布（上北下南）',
    states: { open: '开放', 'not-known': '无法判断', closed: '不开放' },
  },
  en: {
    title: 'Where they are (north is up)',
    states: { open: 'open', 'not-known': 'not known', closed: 'closed' },
  },
} as const
