/** The signed receipt of a bundle over HTTP: its JSON and the detached signature of these bytes. */
import { Type } from 'typebox'
import type { AppContext } from '../../catalogue/index.ts'
import { type App, problemResponses } from '../../http/index.ts'
import { bundleId, getOwn } from '../routes.ts'
import { getSignedReceipt } from './signed-receipt.ts'

const refusals = problemResponses('key-missing', 'scope-missing', 'bundle-not-found', 'receipt-not-final')

export async function receiptRoutes(app: App, context: AppContext): Promise<void> {
  app.get(
    '/v1/bundles/:id/receipt.json',
    {
      schema: {
        operationId: 'getSignedReceipt',
        tags: ['bundles'],
        security: [{ key: [] }],
        summary: 'The signed receipt',
        description:
          'The final receipt of a bundle that was staged or rejected, as canonical JSON; its bytes ' +
          'never change. `receipt.json.asc` is their signature by the key of `/v1/service-key.asc`.',
        params: bundleId,
        response: {
          200: {
            description: 'The receipt.',
            content: { 'application/json': { schema: Type.Unsafe<Buffer>({ type: 'object' }) } },
          },
          ...refusals,
        },
      },
    },
    async (request, reply) => {
      const { json } = await getSignedReceipt(
        context,
        await getOwn(context, request.caller, request.params.id),
      )
      // The bytes are signed: sending a Buffer avoids any serialiser.
      return reply
        .type('application/json; charset=utf-8')
        .header('cache-control', 'private, no-store')
        .header('content-disposition', `attachment; filename="${nameOf(request.params.id)}.receipt.json"`)
        .send(json)
    },
  )
  app.get(
    '/v1/bundles/:id/receipt.json.asc',
    {
      schema: {
        operationId: 'getReceiptSignature',
        tags: ['bundles'],
        security: [{ key: [] }],
        summary: 'The signature of the receipt',
        description:
          'Detached signature of `receipt.json` in ASCII armour. Verify it with `gpg --verify ' +
          'receipt.json.asc receipt.json`.',
        params: bundleId,
        response: {
          200: {
            description: 'The signature.',
            content: { 'application/pgp-signature': { schema: Type.Unsafe<Buffer>({ type: 'string' }) } },
          },
          ...refusals,
        },
      },
    },
    async (request, reply) => {
      const receipt = await getOwn(context, request.caller, request.params.id)
      const { signature } = await getSignedReceipt(context, receipt)
      return reply
        .type('application/pgp-signature')
        .header('cache-control', 'private, no-store')
        .header('content-disposition', `attachment; filename="${nameOf(request.params.id)}.receipt.json.asc"`)
        .send(signature)
    },
  )
}

/** The first digits of the digest are enough to distinguish files in a folder. */
function nameOf(id: string): string {
  return `bundle-${id.slice(0, 12)}`
}
