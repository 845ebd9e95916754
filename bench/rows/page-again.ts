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
