/** The whole CSV distribution over one connection, beside nginx, which sends the same file by sendfile. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { download } from '../client.ts'
import type { BenchContext } from '../context.ts'
import { interleave } from '../measure.ts'
import { startNginx } from '../nginx.ts'
import { fileAddress } from './addresses.ts'
import type { Row } from './row.ts'

export const fileRow: Row = {
  name: 'file',
  figure: 'whole CSV distribution, one connection',
  reference: 'nginx sendfile',
  unit: 'MB/s',
  compare: 'ratio',
  direction: 'at least',
  floor: 0.45,
  needs: ['nginx'],
  measure: async (context) => {
    const published = await context.published()
    const service = await context.service()
    const ours = `${service.url}${fileAddress(published, 'csv')}`
    const { dataset, edition, version } = published
    const folder = join(
      context.environment['QINGDAN_DATA'] ?? '',
      'files',
      'editions',
      dataset,
      edition,
      `v${version}`,
    )
    const nginx = await startNginx(context, folder)
    const theirs = `${nginx}/${dataset}-${edition}-v${version}.csv`
    const [first, second] = [
      await download(ours, { digested: true }),
      await download(theirs, { digested: true }),
    ]
    assert.equal(first.digest, second.digest, 'both send the same bytes')
    return interleave(
      context.pairs,
      () => megabytesPerSecond(context, ours),
      () => megabytesPerSecond(context, theirs),
    )
  },
}

async function megabytesPerSecond(_context: BenchContext, url: string): Promise<number> {
  const { bytes, seconds } = await download(url)
  return bytes / 1e6 / seconds
}
