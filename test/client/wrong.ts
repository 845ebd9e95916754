/** What the types must refuse, a line each; the test looks that every one of them is an error. */
import createClient from 'openapi-fetch'
import type { paths as GenericPaths } from './generic.js'
import type { paths } from './venues.js'

const client = createClient<paths>()
const generic = createClient<GenericPaths>()
const path = '/v1/datasets/school-sports-venues/records'

await client.GET(path, { params: { query: { distrikt: '310101' } } })
await client.GET(path, { params: { query: { district: '999999' } } })
await client.GET(path, { params: { query: { district__like: '3' } } })
await client.GET(path, { params: { query: { free__contains: 'x' } } })
await client.GET(path, { params: { query: { sort: ['phone'] } } })
await client.GET(path, { params: { query: { select: ['pupils'] } } })
await client.GET(path, { params: { query: { limit: '7' } } })
await client.GET('/v1/datasets/no-such-dataset/records')
await generic.GET('/v1/datasets/school-sports-venues/records')
