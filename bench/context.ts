/**
 * What the rows measure: a temporary data folder with one large synthetic dataset, the real service and the
 * references in processes of their own. Everything is created on first use and removed at the end.
 */
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listVersions } from '../src/catalogue/index.ts'
import { atInterrupt } from '../src/cli/on-interrupt.ts'
import type { Database } from '../src/db/database.ts'
import { openDatabase } from '../src/db/open-database.ts'
import { loadConfig } from '../src/platform/config.ts'
import { benchDataset, benchEdition, writeBenchDatasets, writeRows } from './dataset.ts'
import { root, runToEnd, type Service, startServer } from './processes.ts'
import type { ToolName } from './tools.ts'

/** How much is measured. */
export interface Scale {
  readonly quick: boolean
  /** Records of the edition. */
  readonly records: number
  /** Interleaved pairs of each row. */
  readonly pairs: number
  /** How long each side of a pair is under load, if the row measures a rate. */
  readonly seconds: number
}

/** The edition as published, with what a reference needs to give the same answer. */
export interface Published {
  readonly dataset: string
  readonly edition: string
  readonly version: number
  /** The table of its records, with its schema. */
  readonly table: string
}

export type Settings = Readonly<Record<string, string>>

export interface BenchContext extends Scale {
  readonly tools: ReadonlyMap<ToolName, string>
  /** A temporary folder for what rows write. */
  readonly folder: string
  /** The environment under which the service and the CLI use the bench's data folder and datasets. */
  readonly environment: Settings
  /** Path of the rows as a provider delivers them: LF, header of field names. Written on first use. */
  readonly csv: () => Promise<string>
  /** The owner's URL of the embedded database, which runs from the first call until the end. */
  readonly databaseUrl: () => Promise<string>
  /** The edition, ingested and published through the command line on first use. */
  readonly published: () => Promise<Published>
  /** The service over it, with production settings plus those given; one process for equal settings. */
  readonly service: (settings?: Settings) => Promise<Service>
  /** A reference, a file of `bench/references/`, as a process; one for equal settings. */
  readonly reference: (file: string, settings?: Settings) => Promise<Service>
  /** Runs work once for all callers that use this name. */
  readonly once: <T>(name: string, work: () => Promise<T>) => Promise<T>
  /** Prints progress on standard error. */
  readonly progress: (text: string) => void
  /** Registers a cleanup for the end; the last registered runs first. */
  readonly atEnd: (release: () => Promise<unknown>) => void
}

/** Runs work with a context of its own, and cleans up afterwards. */
export async function withContext<T>(
  scale: Scale,
  tools: ReadonlyMap<ToolName, string>,
  progress: (text: string) => void,
  work: (context: BenchContext) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'qingdan-bench-'))
  const endings: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  const release = async () => {
    for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end()
  }
  const forget = atInterrupt(release)
  try {
    // Under root, PostgreSQL runs as another account, which must be able to enter this folder.
    await chmod(folder, 0o755)
    await mkdir(join(folder, 'logs'))
    await writeBenchDatasets(join(folder, 'datasets'))
    return await work(contextOf(scale, tools, progress, folder, endings))
  } finally {
    await release()
    forget()
  }
}

function contextOf(
  scale: Scale,
  tools: ReadonlyMap<ToolName, string>,
  progress: (text: string) => void,
  folder: string,
  endings: (() => Promise<unknown>)[],
): BenchContext {
  const created = new Map<string, Promise<unknown>>()
  const once = <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const pending = created.get(name) ?? work()
    created.set(name, pending)
    return pending as Promise<T>
  }
  const atEnd = (release: () => Promise<unknown>) => void endings.push(release)
  const environment = {
    QINGDAN_DATA: join(folder, 'var'),
    // The bench measures reading bundles, signed or not.
    QINGDAN_UNSIGNED: 'allow',
    QINGDAN_DATASETS: join(folder, 'datasets'),
    QINGDAN_SAMPLES: 'never',
    // The highest limit: the bench measures the work of an answer, including the rate limiter's count.
    QINGDAN_RATE_PER_MINUTE: '1000000',
    QINGDAN_PORT: '0',
  }
  const database = () => once('database', () => openBenchDatabase(environment, atEnd))
  const csv = () => once('csv', () => writeCsv(folder, scale.records, progress))
  const published = () =>
    once('published', async () => publishBench(environment, await csv(), await database(), progress))
  const start = (name: string, args: readonly string[], given: Settings) =>
    once(`${name} ${JSON.stringify(given)}`, async () => {
      const log = join(folder, 'logs', `${created.size}.log`)
      const server = await startServer({ program: process.execPath, args, environment: given, log })
      atEnd(server.stop)
      return server
    })
  return {
    ...scale,
    ...{ tools, folder, environment, csv, published, once, progress, atEnd },
    databaseUrl: async () => (await database()).ownerUrl,
    service: async (settings = {}) => {
      await published()
      return start('service', ['build/run.mjs', 'main'], { ...environment, ...settings })
    },
    reference: (file, settings = {}) =>
      start(file, ['--import=tsx', join('bench', 'references', file)], settings),
  }
}

/** Opens the database in this process, so that it runs until the end, whichever other processes stop. */
async function openBenchDatabase(environment: Settings, atEnd: BenchContext['atEnd']): Promise<Database> {
  const database = await openDatabase({ config: loadConfig(environment), observe: () => undefined })
  atEnd(() => database.close())
  return database
}

async function writeCsv(
  folder: string,
  records: number,
  progress: BenchContext['progress'],
): Promise<string> {
  progress(`writing ${records} rows`)
  const path = join(folder, 'rows.csv')
  await writeRows(path, records)
  return path
}

async function publishBench(
  environment: Settings,
  csv: string,
  database: Database,
  progress: BenchContext['progress'],
): Promise<Published> {
  const about = ['--dataset', benchDataset, '--edition', benchEdition, '--synthetic']
  progress('ingesting them through the command line')
  await qingdan(environment, ['ingest', csv, ...about])
  progress('publishing the edition')
  await qingdan(environment, ['publish', benchDataset, benchEdition])
  const [version] = await listVersions(database, { dataset: benchDataset, edition: benchEdition })
  if (version === undefined) throw new Error('the edition of the bench was not published')
  return {
    dataset: benchDataset,
    edition: benchEdition,
    version: version.number,
    table: `published.${version.recordsTable}`,
  }
}

/** Runs a CLI command on the bench's data folder. */
export function qingdan(environment: Settings, args: readonly string[]) {
  return runToEnd({ program: process.execPath, args: [join(root, 'bin', 'qingdan'), ...args], environment })
}
