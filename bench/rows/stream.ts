/** A filtered half of the records streamed as CSV, beside psql with COPY of the same select. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { selectTexts } from '../../src/records/index.ts'
import { download } from '../client.ts'
import type { BenchContext, Published } from '../context.ts'
import { benchContract } from '../dataset.ts'
import { interleave } from '../measure.ts'
import { runToEnd } from '../processes.ts'
import { versionAddress } from './addresses.ts'
import { LeftOut, type Row } from './row.ts'

export const streamRow: Row = {
  name: 'stream',
  figure: 'CSV stream of a filtered half',
  reference: 'psql, COPY (same select) TO STDOUT',
  unit: 'MB/s',
  compare: 'ratio',
  direction: 'at least',
  floor: 0.9,
  needs: ['psql'],
  measure: async (context) => {
    const published = await context.published()
    const { url } = await context.service()
    const address = `${url}${versionAddress(published)}/records.csv?passed=true`
    const { status } = await fetch(address, { method: 'HEAD' })
    if (status !== 200) throw new LeftOut(`the service answers ${status} for a stream of CSV`)
    const first = await download(address, { digested: true })
    const target = join(context.folder, 'half.csv')
    await copyByPsql(context, published, target)
    assert.equal(first.digest, await digestOf(target), 'both give the same bytes')
    return interleave(
      context.pairs,
      async () => first.bytes / 1e6 / (await download(address)).seconds,
      async () => first.bytes / 1e6 / (await copyByPsql(context, published, '/dev/null')),
    )
  },
}

/** Seconds that psql takes from start to end. */
async function copyByPsql(context: BenchContext, { table }: Published, target: string): Promise<number> {
  const names = benchContract.fields.map(({ name }) => `"${name}"`)
  const texts = benchContract.fields.map((field, index) => `${selectTexts([field])} AS ${names[index]}`)
  const select = `SELECT ${texts.join(', ')} FROM ${table} WHERE passed ORDER BY _n`
  const { seconds } = await runToEnd({
    program: context.tools.get('psql') ?? 'psql',
    args: [
      '--no-psqlrc',
      '--quiet',
      `--dbname=${await context.databaseUrl()}`,
      `--output=${target}`,
      `--command=COPY (${select}) TO STDOUT (FORMAT csv, HEADER)`,
    ],
    environment: {},
  })
  return seconds
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
