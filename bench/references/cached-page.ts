/** A bare Fastify that answers given bytes from a Map: the cost of a cached page. */
import { fastify } from 'fastify'
import { listen } from './listen.ts'

const { CACHED_URL = '' } = process.env
const { pathname, search } = new URL(CACHED_URL)
const answer = await fetch(CACHED_URL)
if (answer.status !== 200) throw new Error(`${CACHED_URL} answers ${answer.status}`)
const pages = new Map([[`${pathname}${search}`, Buffer.from(await answer.arrayBuffer())]])

const app = fastify()
app.get('/*', (request, reply) => {
  reply.header('content-type', 'application/json; charset=utf-8').send(pages.get(request.url))
})
await listen(app)
