/** Listens on any free port of the loopback, says where on standard error, and ends with SIGTERM. */
import type { FastifyInstance } from 'fastify'

export async function listen(app: FastifyInstance): Promise<void> {
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  process.once('SIGTERM', () => process.exit())
  process.stderr.write(`${address}\n`)
}
