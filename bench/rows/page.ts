/** Uncached pages of 100 records, filtered or filtered and sorted, beside a bare handler with the same SQL. */
import assert from 'node:assert/strict'
import { rateOf } from '../client.ts'
import { listDistrictDays } from '../dataset.ts'
import { interleave } from '../measure.ts'
import type { Service } from '../processes.ts'
import { versionAddress } from './addresses.ts'
import type { Row } from './row.ts'

/**
 * Addresses are requested in turn, and there are more than the cache holds: the next one is always the one
 * evicted longest ago. A small edition needs a small cache for that.
 */
const smallCache = { QINGDAN_CACHE_BYTES_MAX: '1048576' }

export const pageRow: Row = {
  name: 'page',
  figure: '100-record page, not cached',
  ...pages((district, day) => `district=${district}&tested_on=${day}`),
}

export const sortedPageRow: Row = {
  name: 'page-sorted',
  figure: '100-record page, filtered and sorted, not cached',
  ...pages((district, day) => `district=${district}&tested_on__gte=${day}&sort=tested_on`),
}

function pages(query: (district: string, day: string) => string): Omit<Row, 'name' | 'figure'> {
  return {
    reference: 'bare handler, same SQL, json_agg',
    unit: '/s',
    compare: 'ratio',
    direction: 'at least',
    floor: 0.9,
    needs: [],
    measure: async (context) => {
      const published = await context.published()
      const service = await context.service(context.quick ? smallCache : {})
      const bare = await context.reference('page.ts', {
        DATABASE_URL: await context.databaseUrl(),
        RECORDS_TABLE: published.table,
      })
      const base = `${versionAddress(published)}/records`
      const paths = listDistrictDays(context.records).map(
        ({ district, day }) => `${base}?${query(district, day)}`,
      )
      await assertSame(service, bare, paths[0] ?? '')
      return interleave(
        context.pairs,
        () => rateOf(context, service, { paths }),
        () => rateOf(context, bare, { paths }),
      )
    },
  }
}

async function assertSame(service: Service, bare: Service, path: string): Promise<void> {
  const [ours, theirs] = await Promise.all(
    [service, bare].map(async ({ url }) => {
      const answer = await fetch(`${url}${path}`)
      return ((await answer.json()) as { data: readonly unknown[] }).data
    }),
  )
  assert.equal(ours?.length, 100, 'a full page')
  assert.deepEqual(ours, theirs, 'both answer the same records')
}
