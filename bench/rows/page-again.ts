/** One page requested repeatedly, beside a bare handler that has the same bytes in a Map. */
import { rateOf } from '../client.ts'
import { listDistrictDays } from '../dataset.ts'
import { interleave } from '../measure.ts'
import { versionAddress } from './addresses.ts'
import type { Row } from './row.ts'

export const pageAgainRow: Row = {
  name: 'page-again',
  figure: 'same page again',
  reference: 'bare handler, same bytes from a Map',
  unit: '/s',
  compare: 'ratio',
  direction: 'at least',
  floor: 0.85,
  needs: [],
  measure: async (context) => {
    const published = await context.published()
    const service = await context.service()
    const [first] = listDistrictDays(context.records)
    const path = `${versionAddress(published)}/records?district=${first?.district}&tested_on=${first?.day}`
    const cached = await context.reference('cached-page.ts', { CACHED_URL: `${service.url}${path}` })
    return interleave(
      context.pairs,
      () => rateOf(context, service, { paths: [path] }),
      () => rateOf(context, cached, { paths: [path] }),
    )
  },
}

/** A cached page in gzip: the bytes are compressed once, so it must not cost more than the uncompressed one. */
export const gzipPageRow: Row = {
  name: 'page-gzip',
  figure: 'page of 1,000 again, in gzip',
  reference: 'the same without a coding',
  unit: '/s',
  compare: 'ratio',
  direction: 'at least',
  floor: 0.77,
  needs: [],
  measure: async (context) => {
    const service = await context.service()
    const paths = [`${versionAddress(await context.published())}/records?limit=1000`]
    return interleave(
      context.pairs,
      () => rateOf(context, service, { paths, headers: { 'accept-encoding': 'gzip' } }),
      () => rateOf(context, service, { paths }),
    )
  },
}
