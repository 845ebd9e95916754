/** Venues from the records of a dataset of kind `venues`: the records of one venue are its sessions. Pure. */
import { bindingOf, type Contract, type KindBinding, kinds, listSeparator } from '../contract/index.ts'
import { type DayType, dayTypes, type Session, type Weekday, weekdays } from '../derivations/index.ts'
import type { RecordValues } from '../formats/index.ts'
import { defined } from '../platform/defined.ts'
import type { Validity } from './open.ts'

type Property = keyof (typeof kinds)['venues']
type Values = Readonly<Record<Property, string | null>>

/** A session with what can be done in it. */
export interface VenueSession extends Session, Validity {
  readonly activities: readonly string[]
}

export interface Venue {
  readonly id: string
  /** Canonical texts by property, of its first record. */
  readonly values: Values
  readonly longitude: number
  readonly latitude: number
  readonly sessions: readonly VenueSession[]
  /** Activities of all sessions, in the order of the records. */
  readonly activities: readonly string[]
}

const properties = Object.keys(kinds.venues) as readonly Property[]

/** Collects venues from records, which may come in any order. */
export function venueCollector(contract: Contract): {
  readonly add: (record: RecordValues) => void
  readonly venues: () => readonly Venue[]
} {
  const bind: KindBinding<'venues'> = bindingOf(contract, 'venues') ?? {}
  const columns = properties.map(
    (property) => [property, contract.fields.findIndex(({ name }) => name === bind[property])] as const,
  )
  const found = new Map<string, { readonly values: Values; readonly sessions: VenueSession[] }>()
  return {
    add: (record) => {
      const values = Object.fromEntries(
        columns.map(([property, index]) => [property, record[index] ?? null]),
      ) as Values
      const session = sessionOf(values)
      const known = found.get(values.venue ?? '')
      if (known === undefined) found.set(values.venue ?? '', { values, sessions: [session] })
      else known.sessions.push(session)
    },
    venues: () =>
      [...found].map(([id, { values, sessions }]) => ({
        id,
        values,
        sessions,
        longitude: Number(values.longitude),
        latitude: Number(values.latitude),
        activities: [...new Set(sessions.flatMap(({ activities }) => activities))],
      })),
  }
}

function sessionOf(values: Values): VenueSession {
  const days = itemsOf(values.dayType)
  const weekday = days.filter((day): day is Weekday => weekdays.some((one) => one === day))
  const types = days.filter((day): day is DayType => dayTypes.some((one) => one === day))
  const except = itemsOf(values.except) as NonNullable<Session['except']>
  const [from = '', to = ''] = (values.season ?? '').split('/')
  return {
    from: timeOf(values.opens),
    to: timeOf(values.closes),
    activities: itemsOf(values.activities),
    ...(weekday.length === 0 ? {} : { days: weekday }),
    ...(types.length === 0 ? {} : { dayTypes: types }),
    ...(except.length === 0 ? {} : { except }),
    ...(to === '' ? {} : { season: { from, to } }),
    ...defined({ validFrom: values.validFrom ?? undefined, validUntil: values.validUntil ?? undefined }),
  }
}

const itemsOf = (text: string | null) => (text === null || text === '' ? [] : text.split(listSeparator))
const timeOf = (text: string | null) => (text ?? '').slice(0, 5)
