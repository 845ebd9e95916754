/**
 * A text from rows about persons is searched in every table, file and the write-ahead log, in the logs and the answers:
 * after staging, refusal, quarantine, a clean stop with parts that wait, publication and erasure. It needs a cluster of
 * its own, and searches it three times: about 20 s.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import t from 'tap'
import { openContext } from '../../src/context.ts'
import { findClusterLocation } from '../../src/db/embedded/location.ts'
import { findInTables } from '../../src/db/traces.ts'
import { findReceipt, receiptBody } from '../../src/ingest/index.ts'
import { findInFiles } from '../../src/operations/erasure/find-in-files.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { eraseVersion, publishEdition, requestPublication } from '../../src/publication/index.ts'
import { writeDatasets } from '../support/open-test-context.ts'
import {
  bringPersonal,
  personMarker,
  swimmers,
  swimmersContracts,
  swimmersCsv,
  swimmersOf,
} from '../support/personal-bundles.ts'

const quiet = () => undefined
const folder = join(tmpdir(), `qingdan-personal-${randomUUID()}`)
t.teardown(() => rm(folder, { recursive: true, force: true }))
const lines: string[] = []
const log = pino({ level: 'trace', base: null }, { write: (line: string) => lines.push(line) })

t.test('no row about a person is left anywhere', async (t) => {
  await mkdir(join(folder, 'bundles'), { recursive: true })
  await writeDatasets(join(folder, 'datasets'), swimmersContracts)
  const data = join(folder, 'var')
  const settings = { QINGDAN_DATA: data, QINGDAN_DATASETS: join(folder, 'datasets') }
  const config = loadConfig({ ...settings, QINGDAN_UNSIGNED: 'allow' })
  let context = await openContext(config, log)
  t.teardown(() => context.close())
  const { home } = await findClusterLocation(data, quiet)
  const bring = (provider: string, rows: string, more = {}) =>
    bringPersonal(context, join(folder, 'bundles'), { provider, rows, more })
  const filesWith = async () => {
    const folders = [...new Set([data, home, join(folder, 'bundles')])]
    const { found, unsearched } = await findInFiles(folders, personMarker, quiet)
    t.same(
      unsearched.filter(({ reason }) => reason !== 'encrypted'),
      [],
    )
    return found
  }
  const tablesWith = () => findInTables(context.database.ownerUrl, personMarker, quiet)
  const isClean = async (when: string) => {
    await context.database.work.unsafe('ANALYZE')
    t.same([await tablesWith(), await filesWith()], [[], []], when)
    t.notOk(lines.join('').includes(personMarker), `${when}: no log line has it`)
  }
  const [one, other] = [swimmersCsv(swimmersOf('310101', 300)), swimmersCsv(swimmersOf('310104', 300))]

  // The name of a county stands for all faulty cells: no finding may quote it.
  const faulty = one.replaceAll(',310101,', `,${personMarker},`)
  const held = await bring('edu-310101', faulty)
  t.equal(held.state, 'quarantined')
  const open = await bring('edu-310101', one, { encryptTo: undefined })
  t.equal(open.state, 'refused')
  for (const { id } of [held, open]) {
    const receipt = await findReceipt(context.database.work, id)
    t.ok(receipt)
    if (receipt !== undefined) t.notOk(JSON.stringify(receiptBody(context, receipt)).includes(personMarker))
  }
  t.equal((await bring('edu-310101', one)).state, 'staged')
  t.equal((await bring('edu-310104', other)).state, 'staged')
  await isClean('after quarantine, refusal and staging')
  await context.close()
  t.same(await filesWith(), [], 'after a clean stop with parts that wait')
  context = await openContext(config, log)
  const asked = { dataset: swimmers, edition: '2025', askedBy: 'cli:test' }
  const { id } = await requestPublication(context, asked)
  t.equal((await publishEdition(context, id)).state, 'done')
  await isClean('after the publication')
  const of = { dataset: swimmers, edition: '2025', version: 1 }
  await eraseVersion(context, { ...of, actor: 'cli:test', reason: 'A test.' })
  t.same(await tablesWith(), [], 'after the erasure')
})
