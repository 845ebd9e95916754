/**
 * Peak memory of any service process while an edition of a gigabyte is ingested, published, downloaded and
 * streamed, beside the idle service. Measured once: it takes minutes, and memory varies less than time.
 */
import { join } from 'node:path'
import { download } from '../client.ts'
import { qingdan } from '../context.ts'
import { benchDataset, writeRows } from '../dataset.ts'
import { peakOf, residentOf } from '../processes.ts'
import { fileAddress, versionAddress } from './addresses.ts'
import { LeftOut, type Row } from './row.ts'

/** The factor to the edition of the other rows: 1 GB instead of 108 MB. */
const timesLarger = 9.26
const edition = '2026'
/** A setting that no other row uses, so that this row starts its own service with fresh memory. */
const ownService = { QINGDAN_FINDINGS_MAX: '10001' }

export const memoryRow: Row = {
  name: 'memory',
  figure: 'peak resident set while 1 GB is ingested, published, downloaded, streamed',
  reference: 'the idle service',
  unit: 'MB',
  compare: 'difference',
  direction: 'at most',
  floor: 300,
  needs: [],
  measure: async (context) => {
    const service = await context.service(ownService)
    const idle = await residentOf(service.pid)
    if (Number.isNaN(idle)) throw new LeftOut('only Linux reports the peak memory of a process')
    const csv = join(context.folder, 'large.csv')
    await writeRows(csv, Math.round(context.records * timesLarger))
    const about = ['--dataset', benchDataset, '--edition', edition, '--synthetic']
    const ingested = await qingdan(context.environment, ['ingest', csv, ...about])
    context.progress(
      `ingested in ${ingested.seconds.toFixed(0)} s, ${megabytes(ingested.residentBytesMax)} MB`,
    )
    const published = await qingdan(context.environment, ['publish', benchDataset, edition])
    context.progress(
      `published in ${published.seconds.toFixed(0)} s, ${megabytes(published.residentBytesMax)} MB`,
    )
    const of = { dataset: benchDataset, edition, version: 1, table: '' }
    await download(`${service.url}${fileAddress(of, 'csv')}`)
    // If the service does not stream CSV, this answers 404, which is not an error of this row.
    const streamed = `${service.url}${versionAddress(of)}/records.csv?passed=true`
    if ((await fetch(streamed, { method: 'HEAD' })).status === 200) await download(streamed)
    const served = await peakOf(service.pid)
    context.progress(`served, ${megabytes(served)} MB; idle ${megabytes(idle)} MB`)
    const most = Math.max(ingested.residentBytesMax, published.residentBytesMax, served)
    return [{ ours: most / 1e6, reference: idle / 1e6 }]
  },
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}
