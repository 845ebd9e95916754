/**
 * One walk of both journeys in a process of its own: bring every part of an edition, then publish it. With KILL_AT the
 * process ends itself by SIGKILL at that observation (and KILL_AFTER milliseconds later), as a crash would.
 * Prints one JSON line per observation, so that the campaign knows where it was.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../src/base/config.ts'
import { Problem } from '../../src/base/problem.ts'
import { createBag } from '../../src/bundle/index.ts'
import { partsOf } from '../../src/contract/index.ts'
import { type OpenHouse, openHouse } from '../../src/house.ts'
import {
  approvePublication,
  askPublication,
  findOpenPublication,
  publishEdition,
  receive,
  startWorker,
  takeBundle,
} from '../../src/ingest/index.ts'
import { trialDataset, trialRows } from './trial.ts'

const edition = process.env['EDITION'] ?? ''
const askedBy = 'cli:campaign'
const killAt = Number(process.env['KILL_AT'] ?? 0)
const killAfter = Number(process.env['KILL_AFTER'] ?? 0)

let points = 0

/** The log of the house is the stream of points: each line counts as one. */
function point(facts: object): void {
  const { observation, step, state } = facts as { observation: string; step?: string; state?: string }
  if (
    observation !== 'step-reached' &&
    observation !== 'bundle-received' &&
    observation !== 'bundle-advanced'
  )
    return
  points += 1
  process.stdout.write(`${JSON.stringify({ n: points, step: step ?? stepOf(observation, state) })}\n`)
  if (points !== killAt) return
  if (killAfter === 0) process.kill(process.pid, 'SIGKILL')
  else setTimeout(() => process.kill(process.pid, 'SIGKILL'), killAfter)
}

/** The step that a bundle's state ends. */
function stepOf(observation: string, state: string | undefined): string {
  if (observation === 'bundle-received') return 'receive'
  return { verified: 'verify', validated: 'validate', staged: 'stage' }[state ?? ''] ?? 'refuse'
}

const { QINGDAN_DATA, QINGDAN_DATASETS } = process.env
const config = loadConfig({
  QINGDAN_DATA,
  QINGDAN_DATASETS,
  // The campaign is about crashes; who signed is another test's matter.
  QINGDAN_UNSIGNED: 'allow',
  QINGDAN_LOG_LEVEL: 'debug',
  QINGDAN_POOL_MAX: '4',
})
const log = {
  debug: point,
  info: point,
  warn: point,
  error: (facts: object) => process.stderr.write(`${JSON.stringify(facts)}\n`),
}
const house = await openHouse(config, log)
try {
  // A restarted service works off what its queues still hold, while the officer asks again for what was not answered.
  if (killAt === 0) await startWorker(house)
  for (const part of partsOf(house.contracts.get(trialDataset).contract)) await bring(house, part.provider)
  await publish(house)
} finally {
  await house.close()
}

async function bring(to: OpenHouse, provider: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'qingdan-crash-'))
  try {
    await createBag({
      folder,
      dataset: trialDataset,
      edition,
      provider,
      contractVersion: 1,
      synthetic: true,
      files: [{ name: 'rows.csv', source: Buffer.from(trialRows(provider)) }],
      clock: () => new Date('2026-01-01T00:00:00Z'),
    })
    const receipt = await receive(to, { path: folder, broughtBy: 'cli:campaign' })
    const taken = await takeBundle(to, receipt.id)
    if (taken.state !== 'staged') throw new Error(`the part of ${provider} is ${taken.state}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Asks, waits for the second person, and is released. What a killed process left waiting is approved as it stands. */
async function publish(to: OpenHouse): Promise<void> {
  try {
    const waiting = await findOpenPublication(to.database.work, { dataset: trialDataset, edition })
    const { id } =
      waiting?.state === 'prepared'
        ? waiting
        : await askPublication(to, { dataset: trialDataset, edition, askedBy })
    const prepared = await publishEdition(to, id)
    if (prepared.state === 'prepared') await approvePublication(to, { id, actor: 'cli:campaign-second' })
    const publication = await publishEdition(to, id)
    if (publication.state !== 'done') throw new Error(`the publication is ${publication.state}`)
  } catch (error) {
    // The worker, or the process that was killed, has published it already: asking again changes nothing.
    const there = ['nothing-to-publish', 'publication-not-waiting']
    if (!(error instanceof Problem) || !there.includes(error.code)) throw error
  }
}
