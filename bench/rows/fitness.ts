/**
 * From encrypted bundles of pupils' results to staged statistics, with every check and score, beside one pass of DuckDB
 * over the same rows as clean plain CSV, which only takes the figures of the same groups. Both must agree in all of them.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
// biome-ignore lint/correctness/useImportExtensions: its types are in build.d.mts
import { build } from '../../build/build.mjs'
import type { BenchContext } from '../context.ts'
import type { Staged } from '../fitness.ts'
import { fitnessDataset, fitnessEdition } from '../fitness-data.ts'
import { runToEnd } from '../processes.ts'
import type { Row } from './row.ts'

/** Pupils of the whole city; of the quick bench, a fiftieth. */
const pupils = (context: BenchContext) => Math.round(1_500_000 * Math.min(1, context.records / 1_000_000))

export const fitnessRow: Row = {
  name: 'fitness',
  figure: '1.5 million pupils from encrypted bundles to staged statistics, CPU',
  reference: 'DuckDB: figures of the same groups from clean plain CSV, CPU',
  unit: 's',
  compare: 'ratio',
  direction: 'at most',
  floor: 0.5,
  needs: [],
  measure: async (context) => {
    const folder = join(context.folder, 'fitness')
    const environment = { ...context.environment, QINGDAN_DATA: join(folder, 'var'), QINGDAN_DATASETS: '' }
    const run = async <T>(file: string, ...args: readonly string[]): Promise<T> => {
      const code = file.endsWith('.ts') ? ['--import=tsx', `bench/${file}`] : [file]
      const command = { program: process.execPath, args: [...code, ...args], environment }
      return JSON.parse((await runToEnd(command)).stdout) as T
    }
    // As the service runs: a compiler in the process would take half of the memory.
    await build({ entries: ['bench/fitness.ts'], outdir: join('dist', 'bench'), outbase: 'bench' })
    const { rows } = await run<{ rows: number }>(
      'fitness-data.ts',
      ...['--folder', folder, '--pupils', String(pupils(context))],
    )
    context.progress(`${rows} pupils are written`)
    const [ours, theirs] = [join(folder, 'ours.json'), join(folder, 'theirs.csv')]
    const of = ['--dataset', fitnessDataset, '--edition', fitnessEdition]
    const staged = await run<Staged>(
      join('dist', 'bench', 'fitness.js'),
      ...['--bundles', join(folder, 'bundles'), '--groups', ours, ...of],
    )
    if (staged.rows !== rows) throw new Error(`${staged.rows} of ${rows} rows were taken`)
    for (const { name, cpuSeconds, seconds, peakBytes } of staged.stages)
      context.progress(
        `${name}: ${cpuSeconds.toFixed(1)} s CPU, ${seconds.toFixed(1)} s, peak ${(peakBytes / 1e6).toFixed(0)} MB`,
      )
    const pass = await run<{ cpuSeconds: number; seconds: number }>(
      'references/fitness-duckdb.ts',
      ...['--folder', join(folder, 'plain'), '--out', theirs],
    )
    context.progress(`DuckDB: ${pass.cpuSeconds.toFixed(1)} s CPU, ${pass.seconds.toFixed(1)} s`)
    const compared = await compare(ours, theirs)
    context.progress(`${compared} figures of both are equal`)
    const cpu = staged.stages.find(({ name }) => name === 'stage')?.cpuSeconds ?? Number.NaN
    return [{ ours: cpu, reference: pass.cpuSeconds }]
  },
}

type Figures = Readonly<Record<string, string>>

/** Compares number, mean and quantiles of all groups. Returns how many figures; throws where one differs. */
async function compare(ours: string, theirs: string): Promise<number> {
  const own = new Map<string, Figures>()
  // DuckDB counts no pupils without a result, so participation is not compared.
  for (const row of JSON.parse(await readFile(ours, 'utf8')) as readonly Figures[])
    if (row['indicator'] !== 'participation') own.set(keyOf(row), row)
  const different: string[] = []
  let figures = 0
  let groups = 0
  for (const row of parse(await readFile(theirs), { columns: true }) as readonly Figures[]) {
    for (const name of Object.keys(row).filter((column) => column.endsWith('_n'))) {
      const indicator = name.slice(0, -2)
      const tested = row[name] ?? '0'
      if (tested === '0') continue
      groups += 1
      const [p10, p50, p90] = (row[`${indicator}_quantiles`] ?? '').split(';').map((text) => mean(text, '1'))
      const expected = { tested, mean: mean(row[`${indicator}_sum`] ?? '', tested), p10, p50, p90 }
      const key = keyOf({ ...totals(row), indicator })
      for (const [figure, text] of Object.entries(expected)) {
        figures += 1
        if (own.get(key)?.[figure] !== text)
          different.push(`${key} ${figure}: ${own.get(key)?.[figure]}, ${text}`)
      }
    }
  }
  if (groups !== own.size) different.push(`${own.size} groups, ${groups}`)
  if (different.length > 0)
    throw new Error(`${different.length} figures differ:\n${different.slice(0, 20).join('\n')}`)
  return figures
}

const keyOf = ({ district, stage, grade, sex, indicator }: Figures) =>
  [district, stage, grade, sex, indicator].join()

/** DuckDB leaves what is added up empty. */
function totals(row: Figures): Figures {
  const named = ['district', 'stage', 'grade', 'sex'].map((name) => [
    name,
    row[name] === '' ? '_T' : row[name],
  ])
  return Object.fromEntries(named) as Figures
}

/** The mean of hundredths with one decimal, rounded half up. */
function mean(sum: string, count: string): string {
  const [top, bottom] = [2n * BigInt(sum) + 10n * BigInt(count), 20n * BigInt(count)]
  const tenths = top / bottom - (top < 0n && top % bottom !== 0n ? 1n : 0n)
  const size = tenths < 0n ? -tenths : tenths
  return `${tenths < 0n ? '-' : ''}${size / 10n}.${size % 10n}`
}
