/** A bare Fastify that says hello: the cost of an answer without any work. */
import { fastify } from 'fastify'
import { listen } from './listen.ts'

const app = fastify()
app.get('/', async () => ({ hello: 'world' }))
await listen(app)
