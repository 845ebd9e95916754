/**
 * Runs a journey in a process of its own: brings every part of an edition, publishes it, then does the acts named
 * in ACTS. With KILL_AT a fault happens to it at that point (and KILL_AFTER milliseconds later), as a crash would.
 * Prints one JSON line per point, so that the campaign knows which step it was in.
 */
import { writeSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startJobs } from '../../src/app.ts'
import { createBag } from '../../src/bundle/index.ts'
import { writeBundle } from '../../src/cli/bundles/bundle.ts'
import { type OpenContext, openContext } from '../../src/context.ts'
import { partsOf } from '../../src/contract/index.ts'
import { isDatabaseUnavailable } from '../../src/db/database-error.ts'
import { receive, takeBundle } from '../../src/ingest/index.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { Problem } from '../../src/platform/problem.ts'
import { type StorageFault, storageFaultOf } from '../../src/platform/storage-fault.ts'
import {
  approvePublication,
  findOpenPublication,
  publishEdition,
  requestPublication,
} from '../../src/publication/index.ts'
import {
  actor,
  backUp,
  carry,
  decideQuarantined,
  erase,
  exists,
  pullCopy,
  restoreTo,
  type Scene,
  takeFromInbox,
} from './acts.ts'
import { type Fault, prepareFault, strike } from './faults.ts'
import { closePersonal, deliverPersonal } from './personal.ts'
import type { Act } from './steps.ts'
import { quarantineEdition, trialDataset, trialRows } from './trial.ts'

const edition = process.env['EDITION'] ?? ''
const fault = (process.env['FAULT'] ?? 'service') as Fault
const killStep = process.env['KILL_STEP']
const killAt = Number(process.env['KILL_AT'] ?? 0)
const killAfter = Number(process.env['KILL_AFTER'] ?? 0)
const skip = Number(process.env['KILL_SKIP'] ?? 0)
const acts = (process.env['ACTS'] ?? '').split(',') as readonly Act[]

const stick = process.env['STICK'] ?? tmpdir()
const data = process.env['QINGDAN_DATA'] ?? ''
const mirrorData = process.env['MIRROR_DATA'] ?? ''
const restoreData = process.env['RESTORE_DATA'] ?? ''
const dataFolders = [data, mirrorData, restoreData].filter((folder) => folder !== '')

/** Points of each step so far. */
const points = new Map<string, number>()

/** The act that runs, where all points are its own; undefined where each event names its step. */
let scene: string | undefined

/** The service's log is the stream of points: each line counts as one point of its step. */
function point(facts: object): void {
  const { event, step, state } = facts as { event: string; step?: string; state?: string }
  if (event !== 'checkpoint-reached' && event !== 'bundle-received' && event !== 'bundle-state-changed')
    return
  const own = scene ?? step ?? stepOf(event, state)
  const n = (points.get(own) ?? 0) + 1
  points.set(own, n)
  process.stdout.write(`${JSON.stringify({ n, step: own })}\n`)
  if (own !== killStep || n !== killAt) return
  if (killAfter === 0) strike(fault, { dataFolders, skip }, struck)
  else setTimeout(() => strike(fault, { dataFolders, skip }, struck), killAfter)
}

/** Tells the campaign that the fault happened; written at once, since the process may end next. */
function struck(processes: number): void {
  writeSync(process.stdout.fd, `${JSON.stringify({ struck: processes })}\n`)
}

/** The step that ends with a bundle's state. */
function stepOf(event: string, state: string | undefined): string {
  if (event === 'bundle-received') return 'receive'
  return { verified: 'verify', validated: 'validate', staged: 'stage' }[state ?? ''] ?? 'refuse'
}

function reach(at: string): void {
  point({ event: 'checkpoint-reached', step: 'create', point: at })
}

const { QINGDAN_DATA, QINGDAN_DATASETS } = process.env
const settings = {
  ...{ QINGDAN_DATA, QINGDAN_DATASETS, QINGDAN_LOG_LEVEL: 'debug', QINGDAN_POOL_MAX: '4' },
  // The campaign is about crashes; signatures have tests of their own.
  QINGDAN_UNSIGNED: 'allow',
}
const config = loadConfig(settings)
/** The fault of a disk that the service has logged last: a task that is repeated throws nothing. */
let logged: StorageFault | undefined
const log = {
  debug: point,
  info: point,
  warn: point,
  error: (facts: object) => {
    logged = storageFaultOf((facts as { readonly err?: unknown }).err) ?? logged
    process.stderr.write(`${JSON.stringify(facts)}\n`)
  },
}
const place: Scene = { edition, stick, config, settings, log, reach }
const sets = join(stick, `sets-${edition}`)
await prepareFault(fault)
const context = await openContext(config, log)
try {
  // A restarted service works through what its queues still hold, while the officer repeats each request that
  // was not answered.
  if (killAt === 0) await startJobs(context)
  if (!(acts.includes('erase') && (await isPublished(context)))) {
    await deliver(context)
    await publish(context)
  }
  for (const act of acts) await run(act, context)
} catch (error) {
  writeSync(process.stdout.fd, `${JSON.stringify({ failed: failureOf(error) })}\n`)
  throw error
} finally {
  await context.close()
}

/** Why the journey failed, for whoever decides whether to repeat it: a fault of the disk or the database, or a code. */
function failureOf(error: unknown): string {
  const ofDatabase = isDatabaseUnavailable(error) ? 'database' : undefined
  const code = error instanceof Problem ? error.code : undefined
  return storageFaultOf(error) ?? ofDatabase ?? code ?? logged ?? 'unclear'
}

/** Runs an act; all points meanwhile are its own, but an export and a mirror have their own steps. */
async function run(act: Act, to: OpenContext): Promise<void> {
  scene = act === 'carry' || act === 'inbox' ? undefined : act
  if (act === 'carry') await carry(to, place, mirrorData)
  if (act === 'quarantine') await decideQuarantined(to, place, await createFaulty())
  if (act === 'pull') await pullCopy(to, place, join(stick, 'copy'))
  // A restore continues with the set that it began with.
  if (act === 'backup' && !(acts.includes('restore') && (await exists(`${sets}.done`)))) {
    await backUp(to, place, sets)
    await writeFile(`${sets}.done`, '')
  }
  if (act === 'restore') await restoreTo(restoreData, place, sets)
  if (act === 'erase') await erase(to, place)
  if (act === 'personal') await deliverPersonal(to, place)
  if (act === 'close') await closePersonal(to)
  scene = undefined
}

/** Brings all parts; with the act `inbox` the last of them by the inbox. */
async function deliver(to: OpenContext): Promise<void> {
  const providers = partsOf(to.contracts.get(trialDataset).contract).map(({ provider }) => provider)
  const byInbox = acts.includes('inbox') ? providers.at(-1) : undefined
  for (const provider of providers) {
    if (provider !== byInbox) {
      await bring(to, provider)
      continue
    }
    const path = await create(provider)
    scene = 'inbox'
    await takeFromInbox(to, place, path)
    scene = undefined
  }
}

async function bring(to: OpenContext, provider: string): Promise<void> {
  const path = await create(provider)
  const receipt = await receive(to, { path, broughtBy: actor })
  const ingested = await takeBundle(to, receipt.id)
  if (ingested.state !== 'staged') throw new Error(`the part of ${provider} is ${ingested.state}`)
}

/** The bundles of both providers for an edition of their own, each with a row too many columns can't save. */
async function createFaulty(): Promise<readonly [string, string]> {
  const of = async (provider: string) => {
    const faulty = `${trialRows(provider)}${provider.slice(4)}-wrong,${provider.slice(4)},many,1\n`
    return create(provider, { of: quarantineEdition(edition), rows: faulty })
  }
  return [await of('edu-310101'), await of('edu-310104')]
}

/**
 * A provider's bundle on the stick. A folder that exists is whole; otherwise a killed run may have left parts
 * of it.
 */
async function create(
  provider: string,
  { of = edition, rows = trialRows(provider) }: { readonly of?: string; readonly rows?: string } = {},
): Promise<string> {
  await mkdir(stick, { recursive: true })
  const out = join(stick, `${of}-${provider}.zip`)
  if (await exists(out)) return out
  const folder = await mkdtemp(join(tmpdir(), 'qingdan-crash-'))
  try {
    await createBag({
      folder: join(folder, 'bag'),
      dataset: trialDataset,
      edition: of,
      provider,
      contractVersion: 1,
      synthetic: true,
      files: [{ name: 'rows.csv', source: withPoints(rows) }],
      clock: () => new Date('2026-01-01T00:00:00Z'),
    })
    reach('bag')
    await writeBundle(join(folder, 'bag'), out)
    reach('packed')
    return out
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Rows in two chunks, with a point between them. */
async function* withPoints(rows: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(rows)
  yield bytes.subarray(0, bytes.length / 2)
  reach('rows')
  yield bytes.subarray(bytes.length / 2)
}

async function isPublished({ database }: OpenContext): Promise<boolean> {
  const [found] = await database.work`
    SELECT 1 FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE e.edition = ${edition} AND v.published_at IS NOT NULL`
  return found !== undefined
}

/**
 * Requests a publication, waits for the second person, and releases it. A publication left waiting by a
 * killed process is approved as it is.
 */
async function publish(to: OpenContext): Promise<void> {
  try {
    const waiting = await findOpenPublication(to.database.work, { dataset: trialDataset, edition })
    const { id } =
      waiting?.state === 'prepared'
        ? waiting
        : await requestPublication(to, { dataset: trialDataset, edition, askedBy: actor })
    const prepared = await publishEdition(to, id)
    if (prepared.state === 'prepared') await approvePublication(to, { id, actor: 'cli:campaign-second' })
    const publication = await publishEdition(to, id)
    if (publication.state !== 'done') throw new Error(`the publication is ${publication.state}`)
  } catch (error) {
    // The worker, or the killed process, has published it already: requesting it again changes nothing.
    const otherwiseDone = ['nothing-to-publish', 'publication-not-waiting']
    if (!(error instanceof Problem) || !otherwiseDone.includes(error.code)) throw error
  }
}
