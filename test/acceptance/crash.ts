/**
 * The crash campaign: kills the journeys at seeded points spread over every step and starts the service
 * again. Each time there must be exactly one published version with all records, the same bytes as without a
 * crash, and one change in the feed. Every fifth time the database is killed too, which empties the staging
 * tables.
 */
import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { listVersions, readChanges } from '../../src/catalogue/index.ts'
import { type OpenContext, openContext } from '../../src/context.ts'
import { findClusterLocation } from '../../src/db/embedded/location.ts'
import { findPostmaster } from '../../src/db/embedded/postmaster.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { canonicalJson, digestOfFile } from '../../src/platform/digest.ts'
import { trialDataset, trialRecords, writeTrialDatasets } from './trial.ts'

const steps = [
  ...(['create', 'receive', 'verify', 'validate', 'stage'] as const),
  ...(['assemble', 'derive', 'control', 'prepare', 'wait', 'release'] as const),
  ...(['export', 'mirror'] as const),
]

/**
 * Steps after which an export is carried to a second service; doing so in every run would cost a second
 * database for nothing.
 */
const carried: readonly string[] = ['create', 'release', 'export', 'mirror']

interface Point {
  /** Number of the point within its step, from 1. */
  readonly n: number
  readonly step: string
}

interface Run {
  readonly points: readonly Point[]
  readonly code: number | null
  readonly signal: string | null
  readonly errors: string
}

/** Milliseconds after a point at which half of the kills happen, to hit the middle of what follows. */
const killAfterMax = 25

/** Runs the campaign and prints its tally. Returns the number of editions that came out wrong. */
export async function crashCampaign(
  kills: number,
  seed: number,
  chosen: readonly string[] = steps,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'qingdan-campaign-'))
  // Under root, PostgreSQL runs as another account, which must be able to enter this folder.
  await chmod(folder, 0o755)
  const places = { STICK: join(folder, 'stick'), MIRROR_DATA: join(folder, 'mirror') }
  const environment = {
    QINGDAN_DATA: join(folder, 'var'),
    QINGDAN_DATASETS: join(folder, 'datasets'),
    STICK: places.STICK,
  }
  await writeTrialDatasets(environment.QINGDAN_DATASETS)
  const random = mulberry32(seed)
  const tally = new Map<string, number>(chosen.map((step) => [step, 0]))
  let databaseKills = 0
  let wrong = 0
  try {
    // Without the worker that starts after a crash, like the runs that are killed: its points would be
    // counted with theirs.
    const clean = await runJourneys({
      ...environment,
      ...places,
      EDITION: '1900',
      KILL_STEP: 'none',
      KILL_AT: '1',
    })
    if (clean.code !== 0) throw new Error(`the run without a kill failed: ${clean.errors}`)
    const digest = await verdict(environment, '1900')
    if (digest === undefined) throw new Error('the run without a kill did not publish one whole version')
    if (!(await sameAsMirror(environment, places.MIRROR_DATA))) throw new Error('the mirror differs')
    for (let kill = 0; kill < kills; kill += 1) {
      const step = chosen[kill % chosen.length] ?? 'release'
      const own = clean.points.filter((point) => point.step === step)
      const point = own[Math.floor(random() * own.length)]
      if (point === undefined) throw new Error(`the step ${step} has no point`)
      const edition = String(1901 + kill)
      const after = kill % 2 === 0 ? 0 : 1 + Math.floor(random() * killAfterMax)
      const settings = { ...environment, ...(carried.includes(step) ? places : {}), EDITION: edition }
      const killed = await runJourneys({
        ...settings,
        KILL_STEP: step,
        KILL_AT: String(point.n),
        KILL_AFTER: String(after),
      })
      if (killed.signal !== 'SIGKILL') throw new Error(`kill ${kill + 1} did not happen: ${killed.errors}`)
      tally.set(step, (tally.get(step) ?? 0) + 1)
      if (kill % 5 === 4) {
        await killDatabase(environment.QINGDAN_DATA)
        await killDatabase(places.MIRROR_DATA)
        databaseKills += 1
      }
      const again = await runJourneys(settings)
      const isMirrored = !('MIRROR_DATA' in settings) || (await sameAsMirror(environment, places.MIRROR_DATA))
      const same = again.code === 0 && isMirrored && (await verdict(environment, edition)) === digest
      if (!same) wrong += 1
      const done = `${String(kill + 1).padStart(3)} of ${kills}  killed in ${step} at point ${point.n} + ${after} ms`
      console.log(`${done}: ${same ? 'one whole version' : `WRONG ${again.errors}`}`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  console.log(`kills per step: ${[...tally].map(([step, count]) => `${step} ${count}`).join(', ')}`)
  console.log(`of these with the database killed too: ${databaseKills}`)
  if (kills >= chosen.length && [...tally.values()].includes(0)) throw new Error('a step was never killed')
  return wrong
}

/** Runs the journeys in a process of its own. */
async function runJourneys(environment: Readonly<Record<string, string>>): Promise<Run> {
  const child = spawn(process.execPath, ['--import=tsx', 'test/acceptance/journey.ts'], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const points: Point[] = []
  createInterface({ input: child.stdout }).on('line', (line) => points.push(JSON.parse(line) as Point))
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ points, code, signal, errors }))
  })
}

/** The digest of the edition if it is published once and whole, undefined otherwise. */
async function verdict(
  environment: Readonly<Record<string, string>>,
  edition: string,
): Promise<string | undefined> {
  return within(environment, (context) => inspect(context, edition))
}

/** Opens a context for one check of the result. */
async function within<T>(
  { QINGDAN_DATA, QINGDAN_DATASETS }: Readonly<Record<string, string>>,
  inContext: (context: OpenContext) => Promise<T>,
): Promise<T> {
  const silent = () => undefined
  const log = { debug: silent, info: silent, warn: silent, error: silent }
  const context = await openContext(
    loadConfig({ QINGDAN_DATA, QINGDAN_DATASETS, QINGDAN_POOL_MAX: '4' }),
    log,
  )
  try {
    return await inContext(context)
  } finally {
    await context.close()
  }
}

/** Whether a mirror has every change, version, record and file of its origin, each once. */
async function sameAsMirror(environment: Readonly<Record<string, string>>, mirror: string): Promise<boolean> {
  const atOrigin = await within(environment, holdings)
  return atOrigin === (await within({ ...environment, QINGDAN_DATA: mirror }, holdings))
}

/**
 * All that is published, as one text: changes, versions with state and digest, record counts, file digests.
 */
async function holdings({ database, files }: OpenContext): Promise<string> {
  const changes = await readChanges(database.work, 0)
  const versions = []
  for (const { edition, number, state, digest, records, recordsTable } of await listVersions(database)) {
    const [dataset] = await database.work.unsafe(
      `SELECT count(*)::int AS records FROM published.${recordsTable}`,
    )
    versions.push({ edition, number, state, digest, records, held: dataset?.['records'] })
  }
  const stored = []
  for (const name of await files.list('editions'))
    stored.push([name, await digestOfFile(await files.localPath(name))])
  return canonicalJson({ changes, versions, stored })
}

async function inspect(context: OpenContext, edition: string): Promise<string | undefined> {
  const versions = await listVersions(context.database, { dataset: trialDataset, edition })
  const [version] = versions
  const { work } = context.database
  const [all] = await work`
    SELECT count(*)::int AS versions FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE e.edition = ${edition}`
  const [changes] = await work`
    SELECT count(*)::int AS changes FROM qingdan.change WHERE edition = ${edition} AND kind LIKE 'version-%'`
  const publications = await work<{ state: string; same: boolean }[]>`
    SELECT p.state, p.digest = v.digest AND p.approved_digest = v.digest AS same FROM qingdan.publication p
    JOIN qingdan.version v ON v.id = p.version_id JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE e.edition = ${edition} AND p.state <> 'dropped'`
  // What was prepared and approved is what was released, once; replaced requests have ended.
  const [done] = publications
  if (publications.length !== 1 || done?.state !== 'done' || !done.same) return undefined
  if (
    versions.length !== 1 ||
    version === undefined ||
    all?.['versions'] !== 1 ||
    changes?.['changes'] !== 1
  ) {
    return undefined
  }
  const [dataset] = await work.unsafe(
    `SELECT count(*)::int AS records FROM published.${version.recordsTable}`,
  )
  const isWhole = dataset?.['records'] === trialRecords && version.records === trialRecords
  return isWhole && version.number === 1 && version.state === 'published' ? version.digest : undefined
}

/** Kills the postmaster of a data folder, as a power cut would. */
async function killDatabase(dataFolder: string): Promise<void> {
  const { home } = await findClusterLocation(dataFolder, () => undefined)
  const postmaster = await findPostmaster(join(home, 'database', 'cluster'))
  if (postmaster !== undefined) process.kill(postmaster.pid, 'SIGKILL')
}

/** A small seeded generator (Tommy Ettinger's mulberry32): numbers from 0 to 1. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
