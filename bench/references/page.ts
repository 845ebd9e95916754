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
const statement = `SELECT json_agg(page)::text AS data FROM (
  SELECT ${columns} FROM ${RECORDS_TABLE} WHERE district = $1 AND tested_on = $2::text::date
  ORDER BY _n LIMIT 100) AS page`

const app = fastify()
app.get<{ Querystring: { district: string; tested_on: string } }>('/*', async (request, reply) => {
  const { district, tested_on } = request.query
  const [row] = await sql.unsafe<{ data: string }[]>(statement, [district, tested_on], { prepare: true })
  return reply.header('content-type', 'application/json; charset=utf-8').send(`{"data":${row?.data ?? '[]'}}`)
})
await listen(app)
