/** Listens on any free port of the loopback, prints the address on standard error, and ends on SIGTERM. */
import type { FastifyInstance } from 'fastify'

export async function listen(app: FastifyInstance): Promise<void> {
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  process.once('SIGTERM', () => process.exit())
  process.stderr.write(`${address}\n`)
}
