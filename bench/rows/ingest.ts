/**
 * A bundle from receipt to staged, and on to published, beside psql that loads the same CSV into a table with
 * the same typed columns. All in one database of its own, which no service uses meanwhile.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { fieldType } from '../../src/contract/index.ts'
import { quoteIdentifier } from '../../src/db/identifier.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import { loadConfig } from '../../src/platform/config.ts'
import type { Brought } from '../bring.ts'
import type { BenchContext, Settings } from '../context.ts'
import { benchContract } from '../dataset.ts'
import { interleave } from '../measure.ts'
import { runToEnd } from '../processes.ts'
import type { Pair, Row } from './row.ts'

const common = {
  unit: 'krows/s',
  compare: 'ratio',
  direction: 'at least',
  needs: ['psql'],
} as const satisfies Partial<Row>

export const ingestRow: Row = {
  ...common,
  name: 'ingest',
  figure: 'ingest with every check, received to staged',
  reference: 'psql \\copy into the indexed table',
  floor: 1,
  measure: async (bench) => {
    const trial = await openTrial(bench)
    return pairsOf(bench, () => secondsToStaged(trial), trial.copyIndexed)
  },
}

export const ingestBareRow: Row = {
  ...common,
  name: 'ingest-bare',
  figure: 'ingest with every check, received to staged',
  reference: 'psql \\copy into a bare table, then its indexes',
  floor: null,
  measure: async (bench) => {
    const trial = await openTrial(bench)
    return pairsOf(bench, () => secondsToStaged(trial), trial.copyBare)
  },
}

export const ingestPublishedRow: Row = {
  ...common,
  name: 'ingest-published',
  figure: 'ingest with every check, received to published with its files',
  reference: 'psql \\copy into the indexed table',
  floor: null,
  measure: async (bench) => {
    const trial = await openTrial(bench)
    return pairsOf(bench, () => secondsToPublished(trial), trial.copyIndexed)
  },
}

async function secondsToStaged(trial: Trial): Promise<number> {
  return (await trial.bring([])).stagedSeconds
}

async function secondsToPublished(trial: Trial): Promise<number> {
  const { stagedSeconds, publishedSeconds } = await trial.bring(['--publish'])
  return stagedSeconds + (publishedSeconds ?? Number.NaN)
}

/** Pairs of rates from functions that return seconds. */
function pairsOf(
  { pairs, records }: BenchContext,
  ours: () => Promise<number>,
  reference: () => Promise<number>,
): Promise<readonly Pair[]> {
  const rate = (seconds: number) => records / 1000 / seconds
  return interleave(
    pairs,
    async () => rate(await ours()),
    async () => rate(await reference()),
  )
}

/** Both sides start after a checkpoint, so that neither writes to disc what the other has left. */
interface Trial {
  readonly bring: (options: readonly string[]) => Promise<Brought>
  /** Seconds that psql takes to load a table that already has its indexes. */
  readonly copyIndexed: () => Promise<number>
  /** Seconds that psql takes to load a table and create its indexes afterwards. */
  readonly copyBare: () => Promise<number>
}

function openTrial(bench: BenchContext): Promise<Trial> {
  return bench.once('ingest', async () => {
    const csv = await bench.csv()
    const environment = { ...bench.environment, QINGDAN_DATA: join(bench.folder, 'ingest') }
    // This process keeps it open, so that the server is the same for both sides and all pairs.
    const database = await openDatabase({ config: loadConfig(environment), observe: () => undefined })
    bench.atEnd(() => database.close())
    const psql = (commands: readonly string[]) => runPsql(bench, database.ownerUrl, commands)
    const copy = `\\copy ${table} FROM '${csv}' (FORMAT csv, HEADER)`
    const load = async (before: readonly string[], timed: readonly string[]) => {
      await psql([createTable, ...before, 'CHECKPOINT'])
      const seconds = secondsOf(await psql(['\\timing on', ...timed]), timed.length)
      const count = await psql(['\\pset tuples_only', `SELECT count(*) FROM ${table}`, `DROP TABLE ${table}`])
      assert.equal(Number(count), bench.records, 'psql loads every row')
      return seconds
    }
    const trial: Trial = {
      copyIndexed: () => load(createIndexes, [copy]),
      copyBare: () => load([], [copy, ...createIndexes]),
      bring: async (options) => {
        await psql(['CHECKPOINT'])
        const brought = await bringOnce(environment, csv, options)
        assert.equal(brought.rows, bench.records, 'the service accepts every row')
        return brought
      },
    }
    // A new server creates its WAL files at its first writes and reuses them later.
    await trial.copyIndexed()
    return trial
  })
}

/** Each bag has a new edition: known bytes would only be answered with their receipt. */
let lastEdition = 2025

async function bringOnce(environment: Settings, csv: string, options: readonly string[]): Promise<Brought> {
  lastEdition += 1
  const about = ['--csv', csv, '--edition', String(lastEdition)]
  const args = ['--import=tsx', join('bench', 'bring.ts'), ...about, ...options]
  const { stdout } = await runToEnd({ program: process.execPath, args, environment })
  return JSON.parse(stdout) as Brought
}

const table = 'public.bench_load'
const namesOf = (fields: readonly string[]) => fields.map(quoteIdentifier).join(', ')
const columns = benchContract.fields.map(
  ({ name, type }) => `${quoteIdentifier(name)} ${fieldType(type).column}`,
)
const createTable = `CREATE TABLE ${table} (${columns.join(', ')})`

/** The contract's indexes only, without the record number that the published table has as well. */
const createIndexes = [
  `ALTER TABLE ${table} ADD PRIMARY KEY (${namesOf(benchContract.primaryKey)})`,
  ...(benchContract.indexes ?? []).map((fields) => `CREATE INDEX ON ${table} (${namesOf(fields)})`),
]

/** The output of psql for some commands, run one after the other. */
export async function runPsql(
  bench: BenchContext,
  url: string,
  commands: readonly string[],
): Promise<string> {
  const { stdout } = await runToEnd({
    program: bench.tools.get('psql') ?? 'psql',
    args: [
      ...['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', `--dbname=${url}`],
      ...commands.map((command) => `--command=${command}`),
    ],
    environment: { LC_ALL: 'C', PGCLIENTENCODING: 'UTF8' },
  })
  return stdout
}

/** The time of commands as psql reports it, without psql's own start. */
export function secondsOf(output: string, commands: number): number {
  const times = [...output.matchAll(/^Time: ([\d.]+) ms/gm)].map(([, milliseconds]) => Number(milliseconds))
  assert.equal(times.length, commands, `psql reports the time of each command:\n${output}`)
  return times.reduce((sum, milliseconds) => sum + milliseconds, 0) / 1000
}
