/** Rows about persons: counted as they are read, never stored, corrected by whole parts. */
import t from 'tap'
import { listParts } from '../../src/ingest/index.ts'
import { openTestContext } from '../support/open-test-context.ts'
import {
  bringPersonal,
  personMarker,
  type Swimmer,
  swimmers,
  swimmersContract,
  swimmersCsv,
  swimmersOf,
} from '../support/personal-bundles.ts'

const edition = '2025'
const testContext = await openTestContext(t, { contracts: [swimmersContract] })
const { context, folder, get, publish, findingsOf, lines } = testContext

const bring = (provider: string, all: readonly Swimmer[], more = {}) =>
  bringPersonal(context, folder, { provider, edition, rows: swimmersCsv(all), ...more })

/** The published rows of one pass over all swimmers; groups of fewer than 3 are withheld. */
function expectedCsv(all: readonly Swimmer[]): string {
  const groups = new Map<string, { count: number; lengths: number }>()
  for (const { district, sex, lengths } of all) {
    const group = groups.get(`${district},${sex}`) ?? { count: 0, lengths: 0 }
    groups.set(`${district},${sex}`, {
      count: group.count + 1,
      lengths: group.lengths + Number(lengths),
    })
  }
  const rows = [...groups].sort().map(([key, { count, lengths }]) => {
    return count < 3 ? `${key},,,C` : `${key},${count},${lengths},F`
  })
  return `district,sex,swimmers,lengths,conf_status\n${rows.join('\n')}\n`
}

const fileOf = async (version: number) =>
  (
    await get(
      `/v1/datasets/${swimmers}/editions/${edition}/versions/${version}/files/${swimmers}-${edition}-v${version}.csv`,
    )
  ).text

t.test('parts are counted, published, and corrected as a whole', async (t) => {
  const [one, other] = [swimmersOf('310101', 11), swimmersOf('310104', 5)]
  const first = await bring('edu-310101', one)
  t.equal(first.state, 'staged', JSON.stringify(await findingsOf(first)))
  t.equal((await bring('edu-310104', other)).state, 'staged')
  const tables = await context.database.work<{ name: string }[]>`
    SELECT relname AS name FROM pg_class WHERE relnamespace = 'staging'::regnamespace AND relkind = 'r'
      AND relpersistence = 'p'`
  t.equal(tables.length, 4, 'two logged tables a part')
  const published = await publish(swimmers, edition)
  t.equal(published.state, 'done', JSON.stringify(published.findings))
  t.equal(await fileOf(1), expectedCsv([...one, ...other]))
  const corrected = swimmersOf('310104', 9, 3)
  t.equal((await bring('edu-310104', corrected)).state, 'staged')
  t.equal((await publish(swimmers, edition, { reason: 'Four more' })).state, 'done')
  t.equal(await fileOf(2), expectedCsv([...one, ...corrected]))
  t.equal((await listParts(context.database.work, swimmers, edition)).length, 2)
  t.notOk(lines.join('').includes(personMarker), 'no log line has a cell')
})
