/** What is open near a place, and the records near it, beside a page of 100 records of the same service. None is cached. */
import { districts } from '../../test/support/samples/districts.ts'
import { rateOf } from '../client.ts'
import type { BenchContext } from '../context.ts'
import { interleave } from '../measure.ts'
import { listPlaces, venueService } from '../venues.ts'
import type { Row } from './row.ts'

const records = '/v1/datasets/school-sports-venues/records'
const placeCount = 4_000

const common = {
  reference: 'its page of 100 records',
  unit: '/s',
  compare: 'ratio',
  direction: 'at least',
  floor: 0.5,
  needs: [],
} as const

export const openVenuesRow: Row = {
  ...common,
  name: 'open',
  figure: 'venues open within 3 km, 100,000 sessions',
  measure: (context) =>
    beside(context, (place) => `/v1/venues/open?at=2026-05-09T10:00:00Z&lat=${place.lat}&lon=${place.lon}`),
}

export const nearRow: Row = {
  ...common,
  name: 'near',
  figure: 'records within 3 km, pages of 100',
  measure: (context) => beside(context, (place) => `${records}?near=${place.lat},${place.lon}`),
}

async function beside(
  context: BenchContext,
  addressOf: (place: { readonly lat: string; readonly lon: string }) => string,
) {
  const service = await venueService(context)
  const paths = listPlaces(placeCount).map(addressOf)
  // Times that no session has, so that each address gives a full page of its district.
  const pages = Array.from({ length: 60 }, (_, minute) =>
    districts.map(
      ({ code }) => `${records}?district=${code}&closes__ne=03:${String(minute).padStart(2, '0')}`,
    ),
  ).flat()
  return interleave(
    context.pairs,
    () => rateOf(context, service, { paths }),
    () => rateOf(context, service, { paths: pages }),
  )
}
