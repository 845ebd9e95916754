/**
 * The fault campaign: lets faults happen to the journeys at seeded points spread over every step, and starts the
 * service again. Each time there must be exactly one published version with all records, the same bytes as
 * without a fault, one change in the log, and no defect that `verify` finds.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { disks, freeDisk, hasDisks, mountDisk, unmountDisk } from './disks.ts'
import { diskFaults, type Fault, isRefusal, removeDataFolders, signalServers } from './faults.ts'
import { inspectClosed, inspectPersonal } from './personal.ts'
import { plantDamage } from './plant.ts'
import { mulberry32 } from './random.ts'
import { type Point, type Run, runJourney } from './run-journey.ts'
import { type Act, type Step, stepActs } from './steps.ts'
import { type Result, Tally } from './tally.ts'
import { writeTrialDatasets } from './trial.ts'
import {
  compared,
  inspectErased,
  inspectInbox,
  inspectPublished,
  inspectQuarantined,
  verified,
  type Wrong,
  within,
} from './verdict.ts'

export interface CampaignOrder {
  /** Faults of processes. */
  readonly kills: number
  /** Damages planted in what is stored. */
  readonly planted: number
  readonly seed: number
  readonly steps: readonly Step[]
  readonly faults: readonly Fault[]
}

/** Operations on files between a point and the one that fails, at most; a step has some dozens. */
const skippedMax = 24

/** Milliseconds after a point at which half of the faults happen, to hit the middle of what follows. */
const afterMax = 25

/** Faults on one data folder: `verify` compares all its editions each time, so more would take ever longer. */
const perFolderMax = 40

/** Runs the campaign and prints its tally. Returns the numbers of faults and damages that passed and failed. */
export async function crashCampaign(order: CampaignOrder): Promise<{ passed: number; failed: number }> {
  if (order.kills === 0 && order.planted === 0) return { passed: 0, failed: 0 }
  const random = mulberry32(order.seed)
  const tally = new Tally(order.steps)
  if (hasDisks()) mountDisk(disks.databases, '0711')
  let planted = { passed: 0, failed: 0 }
  for (let first = 0; first === 0 || first < order.kills; first += perFolderMax) {
    await inFolder(async (places) => {
      const base = await runCleanly(places, order.steps)
      for (let kill = first; kill < Math.min(order.kills, first + perFolderMax); kill += 1) {
        const position = kill % order.steps.length
        const step = order.steps[position] ?? 'release'
        // Shifted by one each round, so that every step meets every fault.
        const round = Math.floor(kill / order.steps.length)
        const fault = order.faults[(position + round) % order.faults.length] ?? 'service'
        await strikeOnce(places, base, { kill, kills: order.kills, step, fault, random, tally })
      }
      // The last folder has the most editions, each of which takes one damage.
      if (first + perFolderMax >= order.kills && order.planted > 0)
        planted = await plantDamage(places.environment, order.planted, random)
    })
  }
  tally.print()
  if (order.kills >= order.steps.length) tally.refuseGaps()
  return { passed: tally.passed + planted.passed, failed: tally.failed + planted.failed }
}

interface Places {
  readonly environment: Readonly<Record<'QINGDAN_DATA' | 'QINGDAN_DATASETS' | 'STICK', string>>
  readonly mirror: string
  readonly restored: string
}

/** Runs work in a new folder, which goes afterwards. */
async function inFolder(work: (places: Places) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'qingdan-campaign-'))
  // Under root, PostgreSQL runs as another account, which must be able to enter this folder. Where it can't, the
  // databases are outside: on a disk of their own.
  if (hasDisks()) mountDisk(folder, '0700')
  else await chmod(folder, 0o755)
  const environment = {
    QINGDAN_DATA: join(folder, 'var'),
    QINGDAN_DATASETS: join(folder, 'datasets'),
    STICK: join(folder, 'stick'),
  }
  const places = { environment, mirror: join(folder, 'mirror'), restored: join(folder, 'restored') }
  try {
    await writeTrialDatasets(environment.QINGDAN_DATASETS)
    await work(places)
  } finally {
    await removeDataFolders([environment.QINGDAN_DATA, places.mirror, places.restored])
    if (hasDisks()) unmountDisk(folder)
    await rm(folder, { recursive: true, force: true })
  }
}

/** What the runs without a fault show: the points of each step, and the digest of the edition. */
interface Base {
  readonly points: readonly Point[]
  readonly digest: string
}

async function runCleanly(places: Places, steps: readonly Step[]): Promise<Base> {
  const wanted = new Set<Act>(steps.flatMap((step) => stepActs[step] as readonly Act[]))
  const run = async (edition: string, acts: readonly Act[]) => {
    // A point that never comes: so the worker that starts after a crash does not run, whose points would be
    // counted with those of the journey.
    const clean = await runJourney({ ...settingsOf(places, acts, edition), KILL_STEP: 'none', KILL_AT: '1' })
    if (clean.code !== 0) throw new Error(`the run without a fault failed: ${clean.errors}`)
    const wrong = await inspect(places, edition, acts)
    if (wrong.wrong.length > 0)
      throw new Error(`the run without a fault: ${wrong.wrong.map(textOf).join('; ')}`)
    return { points: clean.points, digest: wrong.digest ?? '' }
  }
  // Of an erased edition no digest remains to compare with; rows about persons make an edition of another dataset,
  // which mirror and copy would not have.
  const apart: readonly Act[] = ['erase', 'personal', 'close']
  const base = await run(
    '1900',
    [...wanted].filter((act) => !apart.includes(act)),
  )
  const points = [...base.points]
  for (const [edition, acts] of [
    ['1899', apart.filter((act) => act === 'erase' && wanted.has(act))],
    ['1898', apart.filter((act) => act !== 'erase' && wanted.has(act))],
  ] as const) {
    if (acts.length === 0) continue
    const { points: more } = await run(edition, acts)
    points.push(...more.filter(({ step }) => acts.some((act) => act === step)))
  }
  return { ...base, points }
}

interface Strike {
  readonly kill: number
  readonly kills: number
  readonly step: Step
  readonly fault: Fault
  readonly random: () => number
  readonly tally: Tally
}

/** Lets one fault happen, repeats the journey, and inspects the result. */
async function strikeOnce(places: Places, base: Base, order: Strike): Promise<void> {
  const { kill, kills, step, fault, random, tally } = order
  const own = base.points.filter((point) => point.step === step)
  const point = own[Math.floor(random() * own.length)]
  if (point === undefined) throw new Error(`the step ${step} has no point`)
  const acts: readonly Act[] = stepActs[step]
  const edition = String(1901 + kill)
  const after = kill % 2 === 0 ? 0 : 1 + Math.floor(random() * afterMax)
  const settings = settingsOf(places, acts, edition)
  const struck = await runJourney({
    ...settings,
    FAULT: fault,
    KILL_STEP: step,
    KILL_AT: String(point.n),
    KILL_AFTER: String(after),
    KILL_SKIP: String(Math.floor(random() * skippedMax)),
  })
  if (diskFaults.includes(fault))
    for (const disk of [dirname(places.environment.QINGDAN_DATA), disks.databases]) freeDisk(disk)
  // It may have ended while the server was stopped.
  signalServers([places.environment.QINGDAN_DATA, places.mirror, places.restored], 'SIGCONT')
  const isKilled = fault === 'service' || fault === 'both'
  if (isKilled && struck.signal !== 'SIGKILL')
    throw new Error(`fault ${kill + 1} did not happen: ${struck.errors}`)
  const again = await runJourney(settings)
  const { digest, wrong } =
    again.code === 0
      ? await inspect(places, edition, acts)
      : { digest: base.digest, wrong: [{ class: 'lost' as const, what: `not repeatable: ${again.errors}` }] }
  const other: Wrong = { class: 'wrong bytes', what: `${edition} has another digest than without a fault` }
  const all = [...wrong]
  if (digest !== base.digest && !acts.includes('erase')) all.push(other)
  if (isRefusal(fault) && struck.failure === 'unclear')
    all.push({ class: 'unclear', what: struck.errors.slice(0, errorCharacters) })
  tally.add({ step, fault, outcome: outcomeOf(struck, fault), wrong: all })
  const ended = struck.failure === undefined ? '' : `, ended with ${struck.failure}`
  const done = `${String(kill + 1).padStart(3)} of ${kills}  ${fault} in ${step} at point ${point.n} + ${after} ms${ended}`
  console.log(`${done}: ${all.length === 0 ? 'whole' : `WRONG ${all.map(textOf).join('; ')}`}`)
}

/** Enough of an error to find its place. */
const errorCharacters = 1_500

/** A fault some milliseconds after the last point may come when the server has been stopped already. */
function outcomeOf({ struck = 0, signal, code }: Run, fault: Fault): Result['outcome'] {
  if (fault !== 'service' && struck === 0) return 'missed'
  if (signal !== null) return 'killed'
  return code === 0 ? 'survived' : 'failed'
}

const textOf = (wrong: Wrong) => `${wrong.class}: ${wrong.what}`

function settingsOf(places: Places, acts: readonly Act[], edition: string): Readonly<Record<string, string>> {
  return {
    ...places.environment,
    ...(acts.includes('carry') ? { MIRROR_DATA: places.mirror } : {}),
    ...(acts.includes('restore') ? { RESTORE_DATA: places.restored } : {}),
    ACTS: acts.join(','),
    EDITION: edition,
  }
}

/** Everything that the acts leave, here and in the second services. */
async function inspect(
  { environment, mirror, restored }: Places,
  edition: string,
  acts: readonly Act[],
): Promise<{ readonly digest: string | undefined; readonly wrong: readonly Wrong[] }> {
  const result = await within(environment, async (context) => {
    const { digest, wrong } = acts.includes('erase')
      ? { digest: undefined, wrong: await inspectErased(context, edition) }
      : await inspectPublished(context, edition)
    const personal = acts.includes('personal') ? await inspectPersonal(context, edition) : []
    const decided = acts.includes('quarantine') ? await inspectQuarantined(context, edition) : []
    const closed = acts.includes('close') ? await inspectClosed(context, edition) : []
    return { digest, wrong: [...wrong, ...decided, ...personal, ...closed, ...(await verified(context))] }
  })
  const wrong = [...result.wrong]
  if (acts.includes('inbox')) wrong.push(...(await inspectInbox(environment.STICK, edition)))
  if (acts.includes('carry')) wrong.push(...(await compared(environment, mirror)))
  if (acts.includes('restore')) {
    wrong.push(...(await compared(environment, restored)))
    await removeDataFolders([restored])
  }
  return { digest: result.digest, wrong }
}
