/**
 * Searching a million records for words in their texts: for one that none has, beside the same condition counted by
 * PostgreSQL in parallel; and for one that every sixth has, beside a page without a search. All uncached.
 */
import assert from 'node:assert/strict'
import postgres from 'postgres'
import type { BenchContext } from '../context.ts'
import { interleave } from '../measure.ts'
import { versionAddress } from './addresses.ts'
import type { Row } from './row.ts'

const uncached = { QINGDAN_CACHE_BYTES_MAX: '0' }

export const searchRow: Row = {
  name: 'search',
  figure: 'search without a hit',
  reference: 'count of the same condition in parallel',
  unit: 'ms',
  compare: 'ratio',
  direction: 'at most',
  floor: 1.5,
  needs: [],
  measure: async (context) => {
    const { table } = await context.published()
    const address = await searchAddress(context, 'q=nowhere')
    const sql = postgres(await context.databaseUrl(), { max: 1 })
    context.atEnd(() => sql.end())
    const record = 'lower(concat_ws(chr(10), record_id, school, remark))'
    const count = async () => {
      // Rare by its operator, as for the service: the planner then scans in parallel.
      const found = await sql.unsafe(
        `SELECT count(*)::int AS n FROM ${table} WHERE ${record} LIKE '%nowhere%'`,
      )
      assert.equal(found[0]?.['n'], 0)
    }
    return interleave(
      context.pairs,
      () => millisecondsOf(5, () => pageOf(address, 0)),
      () => millisecondsOf(5, count),
    )
  },
}

export const searchHitsRow: Row = {
  name: 'search-hits',
  figure: 'search with many hits',
  reference: 'the same page without a search',
  unit: 'ms',
  compare: 'ratio',
  direction: 'at most',
  floor: 3,
  needs: [],
  measure: async (context) => {
    const [found, page] = await Promise.all([searchAddress(context, 'q=retest'), searchAddress(context, '')])
    return interleave(
      context.pairs,
      () => millisecondsOf(50, () => pageOf(found, 100)),
      () => millisecondsOf(50, () => pageOf(page, 100)),
    )
  },
}

async function searchAddress(context: BenchContext, query: string): Promise<string> {
  const service = await context.service(uncached)
  return `${service.url}${versionAddress(await context.published())}/records?limit=100&${query}`
}

async function pageOf(url: string, records: number): Promise<void> {
  const answer = await fetch(url)
  const { data } = (await answer.json()) as { readonly data: readonly unknown[] }
  assert.equal(data.length, records, url)
}

async function millisecondsOf(times: number, work: () => Promise<void>): Promise<number> {
  const began = performance.now()
  for (let n = 0; n < times; n += 1) await work()
  return (performance.now() - began) / times
}
