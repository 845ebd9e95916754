/**
 * A mirror without a network to its origin: three rounds of exports carried by hand, with corrections, a new edition, a
 * withdrawal and a contract that grows. After each, both answer alike: files, records, versions, lists, changes, cursors.
 */
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadServiceKey } from '../../src/access/index.ts'
import { createBag } from '../../src/bundle/index.ts'
import { readChanges, readMirror } from '../../src/catalogue/index.ts'
import { distrustKey } from '../../src/exchange/index.ts'
import { buildHouse, loadHouseContracts } from '../../src/house.ts'
import { askPublication, publishEdition, receive, takeBundle, withdraw } from '../../src/ingest/index.ts'
import { followContracts } from '../../src/serve.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestHouse, sampleRows, temporaryFolder, writeBag } from '../support/open-test-house.ts'
import {
  addressesOf,
  answer,
  checksOf,
  exportTo,
  feedOf,
  serving,
  take,
  trustOrigin,
} from '../support/two-houses.ts'

const required = { constraints: { required: true } }
const trees = contractOf(
  [
    field('tree', 'string', { role: 'key', ...required }),
    field('height', 'number', { role: 'measure', scale: 1 }),
    field('rings', 'integer', { role: 'count' }),
    field('alive', 'boolean'),
    field('planted', 'date'),
    field('seen', 'datetime'),
    field('opens', 'time'),
    field('districts', 'list', { codes: 'districts', separators: ['、'] }),
    field('note', 'string'),
  ],
  ['tree'],
  { dataset: 'tree-register', themes: ['education'], formats: ['csv', 'csv.gz', 'ndjson', 'json', 'xlsx', 'parquet', 'zip'] },
)
const grown = { ...trees, contractVersion: 2, fields: [...trees.fields, field('kind_of_tree', 'string')] }
const secret = contractOf([field('place', 'string', { role: 'key', ...required })], ['place'], {
  dataset: 'shelter-register',
  themes: ['education'],
  openClass: 'not-open',
  shareClass: 'on-demand',
})
const opened = { ...secret, contractVersion: 2, openClass: 'conditional' }
const other = contractOf([field('x', 'string', { role: 'key', ...required })], ['x'], { dataset: 'other', themes: ['education'] })

const header = 'tree,height,rings,alive,planted,seen,opens,districts,note'
const rows = (...lines: readonly string[]) => `${[header, ...lines].join('\n')}\n`
const oak = 'oak,20.5,100,true,1920-03-04,2025-09-01T08:00:00+08:00,08:30,310101;310104,"a ""quoted"", 树"'
const elm = 'elm,,,,,,,,'
const ash = 'ash,0.0,0,false,2000-02-29,,24:00,310101,"two\nlines"'

const folder = await temporaryFolder(t)
const at = '2026-02-01T04:00:00.000Z'
const origin = await openTestHouse(t, {
  contracts: [trees, secret],
  shipped: ['annual-open-data-list'],
  at,
})
const mirror = await openTestHouse(t, { contracts: [other], at })
const mirrorApp = await serving(t, mirror.house)
followContracts(mirror.house)
const [list] = await sampleRows('annual-open-data-list', '2026', 0)
const promise = '1,市教育委员会,树木,,,,2026-03-01,yearly,on-demand,,,tree-register,2026\n'

/** Both houses answer alike at every address, and have the same feed. */
async function sameAnswers(t: Test, app = origin.app) {
  const urls = await addressesOf(app)
  t.ok(urls.length > 15, `${urls.length} addresses`)
  for (const url of urls) {
    const [here, there] = [await answer(app, url), await answer(mirrorApp, url)]
    t.same(there, here, url)
  }
  t.same(await feedOf(mirror.house), (await feedOf(origin.house)).filter((line) => !line.includes(secret.dataset)))
}

let cursor = ''
let cursorOfRecords = ''

t.test('the first round: everything', async (t) => {
  await origin.take({ dataset: 'tree-register', edition: '2024', rows: rows(oak, elm) })
  await origin.publish('tree-register', '2024')
  await origin.take({ dataset: 'shelter-register',
  themes: ['education'], edition: '2024', rows: 'place\nsecret-marker\n' })
  await origin.publish('shelter-register', '2024')
  await origin.take({ dataset: 'annual-open-data-list', edition: '2026', rows: `${list?.rows}${promise}` })
  await origin.publish('annual-open-data-list', '2026')

  const exported = await exportTo(origin.house, folder, { since: null, restricted: false })
  t.same(exported.left, ['shelter-register'])
  t.notOk((await readFile(exported.out)).includes('secret-marker'), 'nothing restricted is in it')
  await trustOrigin(mirror.house, origin.house, folder)
  const report = await take(mirror.house, exported.out)
  t.match(report, { state: 'taken', origin: exported.origin, cursor: exported.cursor, versions: 2 })
  cursor = report.cursor
  await sameAnswers(t)

  t.match(await take(mirror.house, exported.out), { state: 'replayed', changes: 0 }, 'a replay changes nothing')
  const page = (await origin.get('/v1/datasets/tree-register/records?limit=1')).json<{ links: { next: string } }>()
  cursorOfRecords = page.links.next
  const next = await answer(mirrorApp, cursorOfRecords)
  t.equal(next.status, 200, 'a cursor of the origin goes on at the mirror')
  t.same(next, await answer(origin.app, cursorOfRecords))
})
