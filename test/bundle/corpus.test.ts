/** A small share of the corpus of damaged bundles, whose whole is `npm run corpus`; and what is taken of it in a house. */
import t from 'tap'
import { runCorpus, tellTally } from '../corpus/campaign.ts'

const count = 400

t.test('damaged bundles: no crash, no hang, no silent repair, always a report', async (t) => {
  const tally = await runCorpus({ count, seed: 2026 })
  t.same(tally.wrong, [])
  t.equal(tally.cases, count)
  t.ok(tally.sealed >= count / 2, 'in half of them the digests are made right again')
  const reached = (step: string) =>
    [...tally.steps.values()].reduce((sum, steps) => sum + (steps.get(step) ?? 0), 0)
  for (const step of ['opened', 'verified', 'validated', 'taken']) t.ok(reached(step) > count / 20, step)
  t.ok(tally.rowsTaken > count && tally.repairs > count, 'rows are taken and mended')
  t.comment(tellTally(tally).join('\n'))
})
