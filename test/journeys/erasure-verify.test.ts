/**
 * `erase --verify` on an embedded database of its own: after an erasure the write-ahead log and the planner's
 * statistics still have the marker, and after it nothing has. It needs a cluster of its own: about 10 s.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import t from 'tap'
import { openContext } from '../../src/context.ts'
import { findClusterLocation } from '../../src/db/embedded/location.ts'
import { findInTables } from '../../src/db/traces.ts'
import { receive, takeBundle } from '../../src/ingest/index.ts'
import { findInFiles } from '../../src/operations/erasure/find-in-files.ts'
import { verifyErasure } from '../../src/operations/index.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { eraseVersion, publishEdition, requestPublication } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { writeBag, writeDatasets } from '../support/open-test-context.ts'

const marker = '标记-of-a-child'
const quiet = () => undefined
const folder = join(tmpdir(), `qingdan-erasure-${randomUUID()}`)
t.teardown(() => rm(folder, { recursive: true, force: true }))

const required = { constraints: { required: true } }
const wells = contractOf(
  [field('well', 'string', { role: 'key', ...required }), field('kind', 'string', { role: 'measure' })],
  ['well'],
  { dataset: 'wells', themes: ['education'], formats: ['csv', 'xlsx'] },
)

t.test('a text across two chunks of a file is found, and one that is not there is not', async (t) => {
  const place = join(folder, 'chunks')
  await mkdir(place, { recursive: true })
  const chunk = 4 << 20
  const bytes = Buffer.from(marker)
  for (const before of [bytes.length - 1, 1, 0]) {
    await writeFile(join(place, `${before}`), Buffer.concat([Buffer.alloc(chunk - before, 'a'), bytes]))
  }
  await writeFile(join(place, 'without'), Buffer.concat([Buffer.alloc(chunk, 'a'), bytes.subarray(1)]))
  await writeFile(join(place, 'empty'), '')
  const { found, unsearched, files } = await findInFiles([place], marker, quiet)
  t.same(
    found.map((path) => path.slice(place.length + 1)),
    ['0', '1', `${bytes.length - 1}`],
  )
  t.same([unsearched, files], [[], 5])
})

t.test('what remains after an erasure, and that it is forced out', async (t) => {
  await mkdir(folder, { recursive: true })
  await writeDatasets(join(folder, 'datasets'), [wells])
  const data = join(folder, 'var')
  const config = loadConfig({
    QINGDAN_DATA: data,
    QINGDAN_DATASETS: join(folder, 'datasets'),
    QINGDAN_UNSIGNED: 'allow',
  })
  const context = await openContext(config, pino({ level: 'silent' }))
  t.teardown(() => context.close())
  const { home } = await findClusterLocation(data, quiet)
  // Both samples of a frequent value, so that ANALYZE stores it in any case.
  const rows = `well,kind\n${Array.from({ length: 200 }, (_, n) => `w${n},${marker}\n`).join('')}`
  const bag = await writeBag(folder, { dataset: 'wells', edition: '2025', rows })
  const { id } = await receive(context, { path: bag, broughtBy: 'cli:test' })
  await rm(bag, { recursive: true })
  t.equal((await takeBundle(context, id)).state, 'staged')
  const of = { dataset: 'wells', edition: '2025' }
  const { id: publication } = await requestPublication(context, { ...of, askedBy: 'cli:test' })
  t.equal((await publishEdition(context, publication)).state, 'done')
  const before = await findInFiles([data], marker, quiet)
  t.ok(before.found.some((path) => path.endsWith('.xlsx!xl/sharedStrings.xml') || path.includes('.xlsx!')))
  const tables = (await findInTables(context.database.ownerUrl, marker, quiet)).map(({ table }) => table)
  t.match(tables.join(' '), /pg_stats.*published.*staging/)

  await eraseVersion(context, { ...of, version: 1, actor: 'cli:test', reason: 'A child.' })
  t.same(await findInTables(context.database.ownerUrl, marker, quiet), [], 'no row has it')
  const after = await findInFiles([join(home, 'database')], marker, quiet)
  t.ok(
    after.found.some((path) => path.includes('pg_wal')),
    'the log still has it',
  )

  const check = await verifyErasure(context, marker, quiet)
  t.match(check, { tables: [], files: [], refused: [], isEmbedded: true })
  t.ok(check.filesSearched > 500)
})
