/** A key's grants and usage for its holder, and the service's public OpenPGP key for everyone. */
import { Type } from 'typebox'
import { type App, problemResponses } from '../http/index.ts'
import { auditRoutes } from './audit-routes.ts'
import type { AccountsContext } from './context.ts'
import { type CountBehind, keyRoutes } from './keys/routes.ts'
import { loadServiceKey } from './service-key.ts'

/** `countBehind` comes from the exchange module, which alone knows what a feed contains. */
export function accessRoutes(app: App, context: AccountsContext, countBehind: CountBehind): void {
  keyRoutes(app, context, countBehind)
  auditRoutes(app, context)
  app.get(
    '/v1/service-key.asc',
    {
      schema: {
        operationId: 'getServiceKey',
        tags: ['service'],
        summary: "The service's OpenPGP key",
        description:
          'The public key in ASCII armour. It verifies the signatures of receipts, and bundles can be encrypted to it. ' +
          'Compare its fingerprint over another channel before you trust it.',
        response: {
          200: {
            description: 'The public key.',
            content: { 'application/pgp-keys': { schema: Type.Unsafe<string>({ type: 'string' }) } },
          },
          ...problemResponses(),
        },
      },
    },
    async (_request, reply) => {
      const { publicKey } = await loadServiceKey(context)
      return reply
        .type('application/pgp-keys')
        .header('cache-control', 'public, max-age=300')
        .header('content-disposition', 'attachment; filename="qingdan-service.asc"')
        .send(publicKey)
    },
  )
}
