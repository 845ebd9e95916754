/**
 * The difference of two editions of a million records, of which one in fifteen differs, beside a bare full
 * join of the two tables that counts it: the minimum that Postgres must do for any answer.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { listVersions } from '../../src/catalogue/index.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { download } from '../client.ts'
import { type BenchContext, qingdan } from '../context.ts'
import { benchContract, benchDataset, writeChangedRows } from '../dataset.ts'
import { interleave } from '../measure.ts'
import { peakOf, residentOf } from '../processes.ts'
import type { Row } from './row.ts'

const otherEdition = '2024'
/** In every so many records, one is changed, one removed and one new. */
const changedEvery = 20

export const diffRow: Row = {
  name: 'diff',
  figure: 'difference of two editions, as JSON',
  reference: 'bare full join of the two tables, counted',
  unit: 's',
  compare: 'ratio',
  direction: 'at most',
  floor: 2,
  needs: [],
  measure: async (context) => {
    const published = await context.published()
    await publishOther(context)
    const service = await context.service()
    const idle = await residentOf(service.pid)
    const path = `/v1/datasets/${benchDataset}/editions/${published.edition}/versions/${published.version}/diff`
    const address = `${service.url}${path}?against=${otherEdition}`
    const database = await openDatabase({
      config: loadConfig(context.environment),
      observe: () => undefined,
    })
    context.atEnd(() => database.close())
    const [other] = await listVersions(database, { dataset: benchDataset, edition: otherEdition })
    const statement = fullJoin(published.table, `published.${other?.recordsTable}`)
    const bare = async () => {
      const began = performance.now()
      const [row] = await database.serve.unsafe<{ differing: string }[]>(statement)
      return { seconds: (performance.now() - began) / 1000, differing: Number(row?.differing) }
    }
    const { counts } = (await (await fetch(address)).json()) as {
      counts: { added: number; removed: number; changed: number }
    }
    const { differing } = await bare()
    assert.equal(counts.added + counts.removed + counts.changed, differing, 'both find the same')
    const pairs = await interleave(
      context.pairs,
      async () => (await download(address)).seconds,
      async () => (await bare()).seconds,
    )
    const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0)
    context.progress(
      `${differing} differ; the service held ${megabytes(await peakOf(service.pid))} MB at most, ${megabytes(idle)} MB idle`,
    )
    return pairs
  },
}

/** The full join by key that compares every other field: it counts differences and returns none of them. */
function fullJoin(after: string, before: string): string {
  const [key] = benchContract.primaryKey
  const differs = benchContract.fields.map(({ name }) => `a."${name}" IS DISTINCT FROM b."${name}"`)
  return `SELECT count(*) AS differing FROM ${after} a FULL JOIN ${before} b ON a."${key}" = b."${key}"
    WHERE ${differs.join(' OR ')}`
}

function publishOther(context: BenchContext): Promise<void> {
  return context.once('other edition', async () => {
    const csv = join(context.folder, 'other.csv')
    await writeChangedRows(csv, context.records, changedEvery)
    context.progress('publishing the edition to compare with')
    const about = ['--dataset', benchDataset, '--edition', otherEdition, '--synthetic']
    await qingdan(context.environment, ['ingest', csv, ...about])
    await qingdan(context.environment, ['publish', benchDataset, otherEdition])
  })
}
