/** SIGKILL after the proof is found and after it is stored: the publication goes on, once, with a proof that holds. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { checkProofs, publishEdition } from '../../src/publication/index.ts'
import { clubMembersContract, clubMembers as dataset, editionOf } from '../support/club-members.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { binary } from '../support/run-cli.ts'

const { context, environment, take } = await openTestContext(t, { contracts: [clubMembersContract] })

/** Publishes in a process of its own, which is killed when it reports the point. */
async function killAt(point: string, edition: string): Promise<string | null> {
  const child = spawn(process.execPath, [binary, 'publish', dataset, edition], {
    env: { ...process.env, ...environment, QINGDAN_LOG_LEVEL: 'debug' },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk
      if (output.includes(`"point":"${point}"`)) child.kill('SIGKILL')
    })
  const [, signal] = await once(child, 'close')
  return signal as string | null
}

for (const [n, point] of ['proven', 'proof-written'].entries()) {
  t.test(`at ${point}`, async (t) => {
    const edition = String(2025 + n)
    await take({ dataset, edition, rows: editionOf({ Ax: [4, 60, 41] }) })
    t.equal(await killAt(point, edition), 'SIGKILL')
    const [pending] = await context.database.work<{ id: number }[]>`
      SELECT max(id)::float8 AS id FROM qingdan.publication`
    t.equal((await publishEdition(context, pending?.id ?? 0)).state, 'done')
    t.match(await checkProofs(context, { dataset, edition }), [{ version: 1, state: 'proven', faults: [] }])
    const tables = await context.database.work`
      SELECT tablename FROM pg_tables WHERE schemaname = 'staging' AND tablename ~ '^[ck]_[0-9]+$'`
    t.equal(tables.length, n + 1, 'nothing is left but the proofs')
  })
}
