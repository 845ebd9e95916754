/** A mirror removes its copy of what its origin has erased, with the next export, and refuses to erase itself. */
import { join } from 'node:path'
import t from 'tap'
import { findInTables } from '../../src/db/traces.ts'
import { findInFiles } from '../../src/operations/erasure/find-in-files.ts'
import { eraseVersion } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { exportTo, take, trustOrigin } from '../support/two-contexts.ts'

const required = { constraints: { required: true } }
const wells = contractOf([field('well', 'string', { role: 'key', ...required })], ['well'], {
  dataset: 'wells',
  themes: ['education'],
  formats: ['csv'],
})
const origin = await openTestContext(t, { contracts: [wells] })
const mirror = await openTestContext(t, { contracts: [wells] })
const of = { dataset: 'wells', edition: '2025' }
const act = { ...of, version: 1, actor: 'cli:test', reason: 'It names a child.' }
const marker = 'marker-of-a-well'

async function isStored(): Promise<readonly boolean[]> {
  const quiet = () => undefined
  const tables = await findInTables(mirror.url, marker, quiet)
  const { found } = await findInFiles([join(mirror.folder, 'var')], marker, quiet)
  // Samples of ANALYZE remain as docs/erasure.md says.
  return [tables.some(({ table }) => table.includes('published')), found.length > 0]
}

t.test('an erasure reaches a mirror', async (t) => {
  await trustOrigin(mirror.context, origin.context, mirror.folder)
  await origin.take({ ...of, rows: `well\n${marker}\n` })
  await origin.publish('wells', '2025')
  const first = await exportTo(origin.context, origin.folder, { since: null, restricted: false })
  await take(mirror.context, first.out)
  t.same(await isStored(), [true, true])
  await t.rejects(eraseVersion(mirror.context, act), { code: 'mirror-read-only' })
  await eraseVersion(origin.context, act)
  const second = await exportTo(origin.context, origin.folder, { since: first.cursor, restricted: false })
  await take(mirror.context, second.out)
  t.same(await isStored(), [false, false])
  const [row] = await mirror.context.database.work<{ erased: boolean; table: string | null }[]>`
    SELECT erased_at IS NOT NULL AS erased, records_table AS table FROM qingdan.version`
  t.same(row, { erased: true, table: null })
})
