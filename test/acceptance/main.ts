/** The heavy campaigns: `npm run acceptance`, or a tenth of them with `-- --kills 10`. */
import { parseArgs } from 'node:util'
import { crashCampaign } from './crash.ts'

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '50' }, seed: { type: 'string', default: '2026' } },
})
const kills = Number(values.kills)
const wrong = await crashCampaign(kills, Number(values.seed))
console.log(`${kills - wrong} passed, ${wrong} failed`)
process.exitCode = wrong === 0 && kills > 0 ? 0 : 1
