/** Revalidation of a distribution that a caller already has, beside a bare Fastify that says hello. */
import { rateOf } from '../client.ts'
import { interleave } from '../measure.ts'
import { fileAddress } from './addresses.ts'
import type { Row } from './row.ts'

export const file304Row: Row = {
  name: 'file-304',
  figure: '304 of a distribution',
  reference: 'bare Fastify hello',
  unit: '/s',
  compare: 'ratio',
  direction: 'at least',
  floor: 0.55,
  needs: [],
  measure: async (context) => {
    const service = await context.service()
    const hello = await context.reference('hello.ts')
    const path = fileAddress(await context.published(), 'csv')
    // Each coding has its own ETag, and the load asks for none.
    const { headers } = await fetch(`${service.url}${path}`, {
      method: 'HEAD',
      headers: { 'accept-encoding': 'identity' },
    })
    const asking = { paths: [path], headers: { 'if-none-match': headers.get('etag') ?? '' }, status: 304 }
    return interleave(
      context.pairs,
      () => rateOf(context, service, asking),
      () => rateOf(context, hello, { paths: ['/'] }),
    )
  },
}
