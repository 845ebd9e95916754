/**
 * A bare Fastify that answers a page with the same SQL, its JSON made by Postgres: the cost of an uncached
 * page. It checks nothing, keeps no version, and knows no next page.
 */
import { fastify } from 'fastify'
import postgres from 'postgres'
import { benchContract } from '../dataset.ts'
import { listen } from './listen.ts'

const { DATABASE_URL = '', RECORDS_TABLE = '' } = process.env
const sql = postgres(DATABASE_URL, { max: 10, connection: { role: 'qingdan_serve' } })
const columns = benchContract.fields.map(({ name }) => `"${name}"`).join(', ')
const statementOf = (compared: string, order: string) => `SELECT json_agg(page)::text AS data FROM (
  SELECT ${columns} FROM ${RECORDS_TABLE} WHERE district = $1 AND tested_on ${compared} $2::text::date
  ORDER BY ${order} LIMIT 100) AS page`
const [statement, sorted] = [statementOf('=', '_n'), statementOf('>=', 'tested_on, _n')]

const app = fastify()
interface Query {
  readonly district: string
  readonly tested_on?: string
  readonly tested_on__gte?: string
}

app.get<{ Querystring: Query }>('/*', async (request, reply) => {
  const { district, tested_on: day, tested_on__gte: from } = request.query
  const [text, value = ''] = day === undefined ? [sorted, from] : [statement, day]
  const [row] = await sql.unsafe<{ data: string }[]>(text, [district, value], { prepare: true })
  return reply.header('content-type', 'application/json; charset=utf-8').send(`{"data":${row?.data ?? '[]'}}`)
})
await listen(app)
