/**
 * `npm run corpus -- --count 20000 --seed 1`: the corpus of damaged bundles. With `--case <number> --keep <file>` it
 * writes the ZIP of one case for inspection. `npm run corpus -- --encodings` measures how well encodings are recognised.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { formatTally, runCorpus } from './campaign.ts'
import { makeCase } from './cases.ts'
import { formatEncodings, measureEncodings } from './encodings.ts'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    case: { type: 'string' },
    keep: { type: 'string' },
    encodings: { type: 'boolean', default: false },
  },
})
const log = (text: string) => void process.stdout.write(`${text}\n`)
const seed = Number(values.seed)
if (values.encodings) {
  for (const line of formatEncodings(await measureEncodings(seed))) log(line)
} else if (values.keep !== undefined) {
  const { zip, ...about } = await makeCase(seed, Number(values.case))
  await writeFile(values.keep, zip)
  log(`${about.layer}: ${about.damage.join(', ')}`)
} else {
  const one = values.case === undefined ? {} : { first: Number(values.case) }
  const count = values.case === undefined ? Number(values.count) : 1
  const tally = await runCorpus({ count, seed, log, ...one })
  for (const line of formatTally(tally)) log(line)
  log(`${tally.cases - tally.wrong.length} passed, ${tally.wrong.length} failed`)
  process.exitCode = tally.wrong.length === 0 && tally.cases > 0 ? 0 : 1
}
