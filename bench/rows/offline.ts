/**
 * A large offline delivery: one bundle of five million rows in a thousand files, from received to staged, and
 * its memory; the reference is psql loading the same rows from one file into an equal table.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { quoteIdentifier } from '../../src/db/identifier.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import { loadConfig } from '../../src/platform/config.ts'
import type { Brought } from '../bring.ts'
import type { BenchContext } from '../context.ts'
import { benchContract, writeRowFiles, writeRows } from '../dataset.ts'
import { interleave } from '../measure.ts'
import { runToEnd } from '../processes.ts'
import { runPsql, secondsOf } from './ingest.ts'
import { LeftOut, type Row } from './row.ts'

/** The factor to the records of the other rows: 5 million instead of 1 million. */
const timesLarger = 5
/** Files at full scale; a small run has as many rows in each. */
const filesAtFull = 1_000
const rowsAtFull = 5_000_000
/** Each pair takes minutes, so this row has a third of the pairs of other rows. */
const pairsLess = 3

export const offlineRow: Row = {
  name: 'offline',
  figure: '5 million rows in 1,000 files, received to staged with every check',
  reference: 'psql \\copy of one file into an unlogged table of texts',
  unit: 'krows/s',
  compare: 'ratio',
  direction: 'at least',
  floor: 0.8,
  needs: ['psql'],
  measure: async (bench) => {
    const trial = await openTrial(bench)
    const rate = (seconds: number) => trial.records / 1000 / seconds
    return interleave(
      Math.max(1, Math.ceil(bench.pairs / pairsLess)),
      async () => rate((await trial.bring()).stagedSeconds),
      async () => rate(await trial.copy()),
    )
  },
}

export const offlineMemoryRow: Row = {
  name: 'offline-memory',
  figure: 'peak resident set while it is received and staged',
  reference: 'the same process before',
  unit: 'MB',
  compare: 'difference',
  direction: 'at most',
  floor: 300,
  needs: ['psql'],
  measure: async (bench) => {
    const trial = await openTrial(bench)
    const { peakBytes, idleBytes } = trial.last() ?? (await trial.bring())
    if (Number.isNaN(idleBytes)) throw new LeftOut('only Linux reports the peak memory of a process')
    return [{ ours: peakBytes / 1e6, reference: idleBytes / 1e6 }]
  },
}

interface Trial {
  readonly records: number
  readonly bring: () => Promise<Brought>
  /** The run that took the most memory. */
  readonly last: () => Brought | undefined
  /** Seconds that psql takes. */
  readonly copy: () => Promise<number>
}

/** Each bag has a new edition: known bytes would only be answered with their receipt. */
let lastEdition = 2025

function openTrial(bench: BenchContext): Promise<Trial> {
  return bench.once('offline', async () => {
    const records = bench.records * timesLarger
    const files = Math.max(1, Math.round((filesAtFull * records) / rowsAtFull))
    const folder = join(bench.folder, 'offline-files')
    const [csv, data] = [join(bench.folder, 'offline.csv'), join(bench.folder, 'offline')]
    bench.progress(`writing ${records} rows into ${files} files, and into one`)
    await writeRowFiles(folder, records, files)
    await writeRows(csv, records)
    const environment = { ...bench.environment, QINGDAN_DATA: data }
    const database = await openDatabase({ config: loadConfig(environment), observe: () => undefined })
    bench.atEnd(() => database.close())
    const psql = (commands: readonly string[]) => runPsql(bench, database.ownerUrl, commands)
    let most: Brought | undefined
    const trial: Trial = {
      records,
      last: () => most,
      bring: async () => {
        await psql(['CHECKPOINT'])
        lastEdition += 1
        const about = ['--folder', folder, '--edition', String(lastEdition)]
        const args = ['--import=tsx', join('bench', 'bring.ts'), ...about]
        const { stdout } = await runToEnd({ program: process.execPath, args, environment })
        const brought = JSON.parse(stdout) as Brought
        assert.equal(brought.rows, records, 'the service accepts every row')
        if (most === undefined || brought.peakBytes > most.peakBytes) most = brought
        bench.progress(
          `${brought.stagedSeconds.toFixed(1)} s, ${((brought.peakBytes - brought.idleBytes) / 1e6).toFixed(0)} MB over rest`,
        )
        // Received bundles stay on disc, and the next pair needs the space.
        await rm(join(data, 'files', 'bundles'), { recursive: true, force: true })
        return brought
      },
      copy: async () => {
        await psql([createTable, 'CHECKPOINT'])
        const seconds = secondsOf(
          await psql(['\\timing on', `\\copy ${table} FROM '${csv}' (FORMAT csv, HEADER)`]),
          1,
        )
        const count = await psql([
          '\\pset tuples_only',
          `SELECT count(*) FROM ${table}`,
          `DROP TABLE ${table}`,
        ])
        assert.equal(Number(count), records, 'psql loads every row')
        return seconds
      },
    }
    // A new server creates its WAL files at its first writes and reuses them later.
    await trial.copy()
    return trial
  })
}

const table = 'public.bench_offline'
const columns = benchContract.fields.map(({ name }) => `${quoteIdentifier(name)} text COLLATE "C"`)
const createTable = `CREATE UNLOGGED TABLE ${table} (${columns.join(', ')})`
