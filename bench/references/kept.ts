/** A bare Fastify that answers given bytes from a Map: the cost of a cached page. */
import { fastify } from 'fastify'
import { listen } from './listen.ts'

const { KEPT_URL = '' } = process.env
const { pathname, search } = new URL(KEPT_URL)
const answer = await fetch(KEPT_URL)
if (answer.status !== 200) throw new Error(`${KEPT_URL} answers ${answer.status}`)
const kept = new Map([[`${pathname}${search}`, Buffer.from(await answer.arrayBuffer())]])

const app = fastify()
app.get('/*', (request, reply) => {
  reply.header('content-type', 'application/json; charset=utf-8').send(kept.get(request.url))
})
await listen(app)
