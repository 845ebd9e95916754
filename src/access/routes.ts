/** What a key may do, told to its holder; and the service's own OpenPGP key, told to all. Never a secret of either. */
import { Type } from 'typebox'
import { type App, problemResponses } from '../base/http.ts'
import { problem } from '../base/problem.ts'
import { scopes } from '../base/reader.ts'
import type { Ground } from '../store/ground.ts'
import { loadServiceKey } from './service-key.ts'

const KeySchema = Type.Object({
  id: Type.String({ description: 'The public part of the key, as it stands in lists and in the audit.' }),
  scopes: Type.Array(Type.Enum([...scopes]), { description: 'What the key allows.' }),
  provider: Type.Optional(Type.String({ description: 'The provider that the key is confined to.' })),
  datasets: Type.Optional(Type.Array(Type.String(), { description: 'The datasets that it is confined to.' })),
})

export function accessRoutes(app: App, ground: Pick<Ground, 'config' | 'clock'>): void {
  app.get(
    '/v1/key',
    {
      schema: {
        operationId: 'getKey',
        tags: ['service'],
        summary: 'What the key that is sent may do',
        description:
          'Tells the holder of a key its scopes and what it is confined to. It never shows a secret.',
        security: [{ key: [] }],
        response: { 200: KeySchema, ...problemResponses('key-missing') },
      },
    },
    async (request, reply) => {
      const { keyId, scopes: held, provider, datasets } = request.reader
      if (keyId === undefined) throw problem('key-missing')
      reply.header('cache-control', 'no-store')
      return {
        id: keyId,
        scopes: [...held],
        ...(provider === undefined ? {} : { provider }),
        ...(datasets === undefined ? {} : { datasets: [...datasets] }),
      }
    },
  )
  app.get(
    '/v1/service-key.asc',
    {
      schema: {
        operationId: 'getServiceKey',
        tags: ['service'],
        summary: "The service's OpenPGP key",
        description:
          'The public key, in ASCII armour, that receipts are signed with and that bundles are encrypted to. Compare its fingerprint, by another way than this one, before you trust it.',
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
      const { publicKey } = await loadServiceKey(ground)
      return reply
        .type('application/pgp-keys')
        .header('cache-control', 'public, max-age=300')
        .header('content-disposition', 'attachment; filename="qingdan-service.asc"')
        .send(publicKey)
    },
  )
}
