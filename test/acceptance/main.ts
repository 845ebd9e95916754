/**
 * The heavy campaigns: `npm run acceptance`; a tenth of them with `-- --kills 10`, or chosen steps with
 * `--steps export,mirror`.
 */
import { parseArgs } from 'node:util'
import { crashCampaign } from './crash.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '2026' },
    steps: { type: 'string' },
  },
})
const kills = Number(values.kills)
const wrong = await crashCampaign(kills, Number(values.seed), values.steps?.split(','))
console.log(`${kills - wrong} passed, ${wrong} failed`)
process.exitCode = wrong === 0 && kills > 0 ? 0 : 1
