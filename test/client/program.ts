/**
 * A small program of a re-user: pages through a dataset, filters it with operators, and reads an aggregate where there
 * is one. All names and values are checked against the types that were made of the OpenAPI documents.
 */
import createClient from 'openapi-fetch'
import type { paths as GenericPaths } from './generic.js'
import type { components, paths } from './venues.js'

type RecordsPage = paths['/v1/datasets/school-sports-venues/records.json']['get']['responses'][200]
/** A record of this contract, or of an earlier one, which has no season. */
type Session = RecordsPage['content']['application/json']['data'][number]

const options = {
  baseUrl: process.argv[2] ?? '',
  // Lists are separated by commas, as the document says by `explode: false`.
  querySerializer: { array: { style: 'form', explode: false } },
} as const
const client = createClient<paths>(options)
const generic = createClient<GenericPaths>(options)

/** Walks all pages, by the cursor of each link. */
async function all(district: components['schemas']['codes.districts']): Promise<Session[]> {
  const sessions: Session[] = []
  for (let cursor: string | undefined; ; ) {
    const { data, error } = await client.GET('/v1/datasets/school-sports-venues/records.json', {
      params: {
        query: {
          district,
          day_type__in: ['weekend', 'public-holiday'],
          opens__gte: '07:00',
          activities: 'running',
          sort: ['-venue'],
          limit: 7,
          ...(cursor === undefined ? {} : { cursor }),
        },
      },
    })
    if (error !== undefined) throw new Error(error.code)
    sessions.push(...data.data)
    if (data.links.next === null) return sessions
    cursor = new URL(data.links.next, 'http://data.example').searchParams.get('cursor') ?? undefined
  }
}

const sessions = await all('310101')
const free: (boolean | null | undefined)[] = sessions.map((session) => session.free)
// Where the contract requires a field, there is one, and it is not null.
const schools: string[] = sessions.map((session) => session.school)
// An address that negotiates answers JSON unless another form is asked for.
const page = await client.GET('/v1/datasets/school-sports-venues/records', {
  params: { query: { limit: 1 } },
})
const first: Session | undefined = page.data?.data[0]
const joined = await client.GET('/v1/datasets/school-sports-venues/records.json', {
  params: { query: { edition: 'all', select: ['venue', 'school'], limit: 2, count: 'exact' } },
})
const grouped = await client.GET('/v1/datasets/school-sports-venues/aggregate.json', {
  params: { query: { group_by: ['day_type'], measures: ['count'], sort: ['-count'] } },
})
const largest: components['schemas']['codes.day-types'] | null | undefined = grouped.data?.data[0]?.day_type
const refused = await generic.GET('/v1/datasets/{slug}/records.json', { params: { path: { slug: 'none' } } })
const code: string | undefined = refused.error?.code

process.stdout.write(
  JSON.stringify({
    sessions: sessions.length,
    schools: schools.length,
    first: first?.venue,
    venues: sessions.map(({ venue }) => venue),
    free: free.length,
    largest: [largest, grouped.data?.data[0]?.count],
    joined: joined.data?.data,
    refused: [refused.response.status, code],
  }),
)
