/**
 * The fault campaign: `npm run acceptance`; a tenth of it with `-- --kills 10 --faults 5`, or chosen steps and faults
 * with `--steps export,mirror --only frozen`. `--kills` counts faults of processes and disks, `--faults` planted
 * damages, `--interruptions` those under load.
 */
import { parseArgs } from 'node:util'
import { crashCampaign } from './crash.ts'
import { diskObstacle, hasDisks, runWithDisks } from './disks.ts'
import { diskFaults, type Fault, faults } from './faults.ts'
import { loadCampaign } from './load.ts'
import { isStep, steps } from './steps.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '300' },
    faults: { type: 'string', default: '39' },
    interruptions: { type: 'string', default: '50' },
    seed: { type: 'string', default: '2026' },
    steps: { type: 'string' },
    only: { type: 'string' },
  },
})

const chosenSteps = values.steps?.split(',') ?? steps
const chosenFaults = values.only?.split(',') ?? faults
const isFault = (name: string): name is Fault => faults.some((fault) => fault === name)
const unknown = [
  ...chosenSteps.filter((step) => !isStep(step)),
  ...chosenFaults.filter((one) => !isFault(one)),
]
if (unknown.length > 0)
  throw new Error(`unknown: ${unknown.join(', ')}; steps: ${steps.join(', ')}; --only: ${faults.join(', ')}`)

const wantsDisks = chosenFaults.filter(isFault).some((fault) => diskFaults.includes(fault))
const obstacle = wantsDisks ? diskObstacle() : undefined
if (obstacle !== undefined) console.log(`skipped: ${diskFaults.join(', ')}, because ${obstacle}`)

if (wantsDisks && obstacle === undefined && !hasDisks()) process.exitCode = runWithDisks()
else {
  const seed = Number(values.seed)
  const crashes = await crashCampaign({
    kills: Number(values.kills),
    planted: Number(values.faults),
    seed,
    steps: chosenSteps.filter(isStep),
    faults: chosenFaults.filter(isFault).filter((fault) => hasDisks() || !diskFaults.includes(fault)),
  })
  const load = await loadCampaign({ interruptions: Number(values.interruptions), seed })
  const [passed, failed] = [crashes.passed + load.passed, crashes.failed + load.failed]
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1
}
