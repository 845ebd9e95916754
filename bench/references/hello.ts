/** A bare Fastify that says hello: what an answer costs before anybody does anything for it. */
import { fastify } from 'fastify'
import { listen } from './listen.ts'

const app = fastify()
app.get('/', async () => ({ hello: 'world' }))
await listen(app)
