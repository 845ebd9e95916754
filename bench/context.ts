/**
 * What the rows measure on: a temporary data folder with one large synthetic dataset, the real service over it as a
 * process of its own, references as processes of their own. Everything is made when first asked for, and goes at the end.
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
  /** How long one side of a pair is under load, where it is a rate. */
  readonly seconds: number
}

/** The edition as published, with what a reference needs to answer the same. */
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
  /** The environment under which processes of ours work on the bench's data folder and datasets. */
  readonly environment: Settings
  /** Path of the edition's rows as a provider brings them: LF, header of field names. Written when first asked for. */
  readonly csv: () => Promise<string>
  /** The owner's address of the embedded database, which runs from the first call until the end. */
  readonly databaseUrl: () => Promise<string>
  /** The edition, brought and published through the command line when first asked for. */
  readonly published: () => Promise<Published>
  /** The service over it, under production settings and those given; one process for equal settings. */
  readonly service: (settings?: Settings) => Promise<Service>
  /** A reference, a file of `bench/references/`, as a process; one for equal settings. */
  readonly reference: (file: string, settings?: Settings) => Promise<Service>
  /** Runs some work once for all who ask for it under this name. */
  readonly once: <T>(name: string, work: () => Promise<T>) => Promise<T>
  /** Tells progress, on standard error. */
  readonly say: (text: string) => void
  /** Takes over what is to be given back at the end; what came last goes first. */
  readonly atEnd: (giveBack: () => Promise<unknown>) => void
}

/** Runs some work on a context of its own, and clears up after it. */
export async function withContext<T>(
  scale: Scale,
  tools: ReadonlyMap<ToolName, string>,
  say: (text: string) => void,
  work: (context: BenchContext) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'qingdan-bench-'))
  const endings: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  const giveBack = async () => {
    for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end()
  }
  const forget = atInterrupt(giveBack)
  try {
    // For root PostgreSQL runs under another account: it has to pass here, or its data would lie outside.
    await chmod(folder, 0o755)
    await mkdir(join(folder, 'logs'))
    await writeBenchDatasets(join(folder, 'datasets'))
    return await work(contextOf(scale, tools, say, folder, endings))
  } finally {
    await giveBack()
    forget()
  }
}

function contextOf(
  scale: Scale,
  tools: ReadonlyMap<ToolName, string>,
  say: (text: string) => void,
  folder: string,
  endings: (() => Promise<unknown>)[],
): BenchContext {
  const made = new Map<string, Promise<unknown>>()
  const once = <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const known = made.get(name) ?? work()
    made.set(name, known)
    return known as Promise<T>
  }
  const atEnd = (giveBack: () => Promise<unknown>) => void endings.push(giveBack)
  const environment = {
    QINGDAN_DATA: join(folder, 'var'),
    // What is measured is reading bundles, whoever signed them.
    QINGDAN_UNSIGNED: 'allow',
    QINGDAN_DATASETS: join(folder, 'datasets'),
    QINGDAN_SAMPLES: 'never',
    // The most there is: what is measured is the work of an answer, with the count that keeps the rate.
    QINGDAN_RATE_PER_MINUTE: '1000000',
    QINGDAN_PORT: '0',
  }
  const database = () => once('database', () => openBenchDatabase(environment, atEnd))
  const csv = () => once('csv', () => writeCsv(folder, scale.records, say))
  const published = () =>
    once('published', async () => publishBench(environment, await csv(), await database(), say))
  const start = (name: string, args: readonly string[], given: Settings) =>
    once(`${name} ${JSON.stringify(given)}`, async () => {
      const log = join(folder, 'logs', `${made.size}.log`)
      const server = await startServer({ program: process.execPath, args, environment: given, log })
      atEnd(server.stop)
      return server
    })
  return {
    ...scale,
    ...{ tools, folder, environment, csv, published, once, say, atEnd },
    databaseUrl: async () => (await database()).ownerUrl,
    service: async (settings = {}) => {
      await published()
      return start('service', ['build/run.mjs', 'main'], { ...environment, ...settings })
    },
    reference: (file, settings = {}) =>
      start(file, ['--import=tsx', join('bench', 'references', file)], settings),
  }
}

/** Opens the database in this process, so that it stays until the end, whoever else comes and goes. */
async function openBenchDatabase(environment: Settings, atEnd: BenchContext['atEnd']): Promise<Database> {
  const database = await openDatabase({ config: loadConfig(environment), observe: () => undefined })
  atEnd(() => database.close())
  return database
}

async function writeCsv(folder: string, records: number, say: BenchContext['say']): Promise<string> {
  say(`writing ${records} rows`)
  const path = join(folder, 'rows.csv')
  await writeRows(path, records)
  return path
}

async function publishBench(
  environment: Settings,
  csv: string,
  database: Database,
  say: BenchContext['say'],
): Promise<Published> {
  const about = ['--dataset', benchDataset, '--edition', benchEdition, '--synthetic']
  say('ingesting them through the command line')
  await qingdan(environment, ['ingest', csv, ...about])
  say('publishing the edition')
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

/** Runs a command of ours on the bench's data folder. */
export function qingdan(environment: Settings, args: readonly string[]) {
  return runToEnd({ program: process.execPath, args: [join(root, 'bin', 'qingdan'), ...args], environment })
}
