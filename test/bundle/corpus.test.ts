/** A small part of the corpus of damaged bundles; `npm run corpus` runs all of it. */
import t from 'tap'
import { formatTally, runCorpus } from '../corpus/campaign.ts'

const count = 120

t.test('damaged bundles: no crash, no hang, no silent repair, always a report', async (t) => {
  const tally = await runCorpus({ count, seed: 2026 })
  t.same(tally.wrong, [])
  t.equal(tally.cases, count)
  t.ok(tally.redigested >= count / 2, 'half of them have corrected digests')
  const reached = (step: string) =>
    [...tally.steps.values()].reduce((sum, steps) => sum + (steps.get(step) ?? 0), 0)
  for (const step of ['opened', 'verified', 'validated', 'taken']) t.ok(reached(step) > count / 20, step)
  t.ok(tally.rowsTaken > count && tally.repairs > count, 'rows are accepted and corrected')
  t.comment(formatTally(tally).join('\n'))
})
