/**
 * A few of the corpus of damaged bundles, brought to a whole service: each gets a receipt, and a refusal has
 * findings.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { isRejected, receive, takeBundle } from '../../src/ingest/index.ts'
import { makeCase } from '../corpus/cases.ts'
import { corpusContract } from '../corpus/trial.ts'
import { openTestContext } from '../support/open-test-context.ts'

const count = 60

t.test('every damaged bundle gets a receipt, and a refusal has findings', async (t) => {
  const { context, folder, findingsOf } = await openTestContext(t, { contracts: [corpusContract] })
  const states = new Map<string, number>()
  for (let number = 0; number < count; number += 1) {
    const { zip, layer, damage } = await makeCase(7, number)
    const path = join(folder, `${number}.zip`)
    await writeFile(path, zip)
    const { id } = await receive(context, { path, broughtBy: 'cli:test' })
    const receipt = await takeBundle(context, id)
    const about = `${number}, ${layer}: ${damage.join(', ')}`
    t.ok(receipt.state === 'staged' || isRejected(receipt.state), `${about}: ${receipt.state}`)
    const errors = (await findingsOf(receipt)).filter(({ severity }) => severity === 'error')
    t.equal(
      errors.length > 0,
      receipt.state !== 'staged',
      `${about}: rejected with findings, or accepted without an error`,
    )
    states.set(receipt.state, (states.get(receipt.state) ?? 0) + 1)
  }
  t.ok([...states.values()].every((n) => n > 5) && states.size === 3, JSON.stringify([...states]))
})
