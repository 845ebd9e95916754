/**
 * Runs both journeys in a process of its own: brings every part of an edition, then publishes it. With
 * KILL_AT the process ends itself by SIGKILL at that event (and KILL_AFTER milliseconds later), as a crash
 * would. Prints one JSON line per event, so that the campaign knows which step it was in.
 */

import { access, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadServiceKey } from '../../src/accounts/index.ts'
import { startJobs } from '../../src/app.ts'
import { createBag } from '../../src/bundle/index.ts'
import { readMirror } from '../../src/catalogue/index.ts'
import { writeBundle } from '../../src/cli/bundles/bundle.ts'
import { loadContractFolders, type OpenContext, openContext } from '../../src/context.ts'
import { partsOf } from '../../src/contract/index.ts'
import { receive, takeBundle } from '../../src/ingest/index.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { Problem } from '../../src/platform/problem.ts'
import {
  approvePublication,
  findOpenPublication,
  publishEdition,
  requestPublication,
} from '../../src/publication/index.ts'
import { takeExport, trustKey, writeExport } from '../../src/transfer/index.ts'
import { trialDataset, trialRows } from './trial.ts'

const edition = process.env['EDITION'] ?? ''
const askedBy = 'cli:campaign'
const killStep = process.env['KILL_STEP']
const killAt = Number(process.env['KILL_AT'] ?? 0)
const killAfter = Number(process.env['KILL_AFTER'] ?? 0)

const stick = process.env['STICK'] ?? tmpdir()
const mirrorData = process.env['MIRROR_DATA']

/** Points of each step so far. */
const points = new Map<string, number>()

/** The service's log is the stream of points: each line counts as one point of its step. */
function point(facts: object): void {
  const { event, step, state } = facts as { event: string; step?: string; state?: string }
  if (event !== 'checkpoint-reached' && event !== 'bundle-received' && event !== 'bundle-state-changed')
    return
  const own = step ?? stepOf(event, state)
  const n = (points.get(own) ?? 0) + 1
  points.set(own, n)
  process.stdout.write(`${JSON.stringify({ n, step: own })}\n`)
  if (own !== killStep || n !== killAt) return
  if (killAfter === 0) process.kill(process.pid, 'SIGKILL')
  else setTimeout(() => process.kill(process.pid, 'SIGKILL'), killAfter)
}

/** The step that ends with a bundle's state. */
function stepOf(event: string, state: string | undefined): string {
  if (event === 'bundle-received') return 'receive'
  return { verified: 'verify', validated: 'validate', staged: 'stage' }[state ?? ''] ?? 'refuse'
}

const { QINGDAN_DATA, QINGDAN_DATASETS } = process.env
const settings = {
  ...{ QINGDAN_DATA, QINGDAN_DATASETS, QINGDAN_LOG_LEVEL: 'debug', QINGDAN_POOL_MAX: '4' },
  // The campaign is about crashes; signatures have tests of their own.
  QINGDAN_UNSIGNED: 'allow',
}
const config = loadConfig(settings)
const log = {
  debug: point,
  info: point,
  warn: point,
  error: (facts: object) => process.stderr.write(`${JSON.stringify(facts)}\n`),
}
const context = await openContext(config, log)
try {
  // A restarted service works through what its queues still hold, while the officer repeats each request that
  // was not answered.
  if (killAt === 0) await startJobs(context)
  for (const part of partsOf(context.contracts.get(trialDataset).contract))
    await bring(context, part.provider)
  await publish(context)
  if (mirrorData !== undefined) await carry(context, mirrorData)
} finally {
  await context.close()
}

async function bring(to: OpenContext, provider: string): Promise<void> {
  const path = await create(provider)
  const receipt = await receive(to, { path, broughtBy: 'cli:campaign' })
  const ingested = await takeBundle(to, receipt.id)
  if (ingested.state !== 'staged') throw new Error(`the part of ${provider} is ${ingested.state}`)
}

/**
 * A provider's bundle on the stick. A folder that exists is whole; otherwise a killed run may have left parts
 * of it.
 */
async function create(provider: string): Promise<string> {
  await mkdir(stick, { recursive: true })
  const out = join(stick, `${edition}-${provider}.zip`)
  if (await exists(out)) return out
  const folder = await mkdtemp(join(tmpdir(), 'qingdan-crash-'))
  try {
    await createBag({
      folder: join(folder, 'bag'),
      dataset: trialDataset,
      edition,
      provider,
      contractVersion: 1,
      synthetic: true,
      files: [{ name: 'rows.csv', source: withPoints(trialRows(provider)) }],
      clock: () => new Date('2026-01-01T00:00:00Z'),
    })
    created('bag')
    await writeBundle(join(folder, 'bag'), out)
    created('packed')
    return out
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function created(at: string): void {
  point({ event: 'checkpoint-reached', step: 'create', point: at })
}

/** Rows in two chunks, with a point between them. */
async function* withPoints(rows: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(rows)
  yield bytes.subarray(0, bytes.length / 2)
  created('rows')
  yield bytes.subarray(bytes.length / 2)
}

/**
 * Carries what is new to a second service: writes an export to the stick, whole or not at all, and imports
 * it.
 */
async function carry(from: OpenContext, data: string): Promise<void> {
  const mirror = await openContext(loadConfig({ ...settings, QINGDAN_DATA: data }), log)
  try {
    const { publicKey } = await loadServiceKey(from)
    await trustKey(mirror, { armored: publicKey, actor: askedBy })
    const path = join(stick, `export-${edition}.zip`)
    const since = (await readMirror(mirror.database.work))?.cursor ?? null
    const options = { since, restricted: false }
    if (!(await exists(path))) await writeExport(from, { request: options, out: () => path, actor: askedBy })
    const loadContracts = (folder: string) => loadContractFolders([folder])
    await takeExport(mirror, { path, actor: askedBy, loadContracts })
  } finally {
    await mirror.close()
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
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
        : await requestPublication(to, { dataset: trialDataset, edition, askedBy })
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
