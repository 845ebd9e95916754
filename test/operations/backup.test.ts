/**
 * A backup while editions are published, restored to another data folder and database: everything that is served
 * is the same, unfinished work continues, and nothing altered, truncated or incomplete is restored.
 */
import {
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadServiceKey } from '../../src/accounts/index.ts'
import { openPrivateKey, readPublicKey, signBytes } from '../../src/bundle/index.ts'
import { findOrigin } from '../../src/catalogue/index.ts'
import type { OpenContext } from '../../src/context.ts'
import { hasContent, isLoadedWith, loadTables } from '../../src/db/load-tables.ts'
import { knownMigrations } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import { readSetting } from '../../src/db/settings-store.ts'
import { findReceipt, receive, takeBundle } from '../../src/ingest/index.ts'
import { checkSets, restoreSet, writeBackup } from '../../src/operations/index.ts'
import { digestOfFile } from '../../src/platform/digest.ts'
import { listPublications, publishEdition, withdraw } from '../../src/publication/index.ts'
import { databaseOptions, emptyDatabase } from '../support/database.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, temporaryFolder, writeBag } from '../support/open-test-context.ts'
import { officeKey } from '../support/openpgp.ts'
import { reasonOf, restoreTrial } from '../support/restore-trial.ts'
import { addressesOf, answer, feedOf, serving } from '../support/two-contexts.ts'

t.setTimeout(120_000)

const tree = field('tree', 'string', { role: 'key', constraints: { required: true } })
const height = field('height', 'number')
const contracts = ['tree-register', 'park-register'].map((dataset) =>
  contractOf([tree, height], ['tree'], { dataset, themes: ['education'], indexes: [['height']] }),
)
const source = await openTestContext(t, { contracts })
const { context } = source
const folder = await temporaryFolder(t)
const sets = join(folder, 'sets')
const office = await officeKey(new Date('2026-01-01T00:00:00Z'))
const recipient = await readPublicKey(office.publicKey)
const key = await openPrivateKey(office.privateKey)
const trusted = await readPublicKey((await loadServiceKey(context)).publicKey)
const back = (keepSets?: number) =>
  writeBackup(context, { folder: sets, recipient, keepSets, actor: 'cli:test' })

/** Rows with what COPY has to escape, and an empty value. */
const rows = (name: string) => `tree,height\n${name},1.50\n"a\\tb ""quoted""",\n樱花,0.1\n`
const take = (dataset: string, edition: string, name: string) =>
  source.take({ dataset, edition, rows: rows(name) })

await take('tree-register', '2023', 'oak')
await source.publish('tree-register', '2023')
await take('tree-register', '2024', 'elm')
await source.publish('tree-register', '2024')
await take('tree-register', '2024', 'ash')
await source.publish('tree-register', '2024', { reason: 'Another tree' })
const removed = { dataset: 'tree-register', edition: '2023', version: 1, reason: 'Not true' }
await withdraw(context, { ...removed, actor: 'cli:test' })
const refused = await source.bring({ dataset: 'tree-register', edition: '2025', rows: 'shrub\nbox\n' })
// Unfinished: received and not processed; prepared and waiting for its time.
const bag = await writeBag(folder, { dataset: 'tree-register', edition: '2025', rows: rows('fir') })
const waiting = await receive(context, { path: bag, broughtBy: 'cli:test' })
const part = await take('park-register', '2024', 'lime')
await source.publish('park-register', '2024', { at: new Date('2026-05-01T00:00:00Z') })

const restoreTo = (t: Parameters<typeof restoreTrial>[0]) =>
  restoreTrial(t, context, { from: sets, key, trusted, folder })

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

t.test('a restored service serves the same', async (t) => {
  const report = await back()
  t.match(report, { damaged: [], setsRemoved: [] })
  const restored = await restoreTo(t)
  const app = await serving(t, restored)
  const addresses = await addressesOf(source.app)
  t.ok(addresses.length > 20, 'there is something to compare')
  t.same(await addressesOf(app), addresses)
  for (const url of addresses) {
    t.same(await answer(app, url), await answer(source.app, url), url)
  }
  t.same(await feedOf(restored), await feedOf(context))
  t.equal(await findOrigin(restored.database), await findOrigin(context.database), 'cursors remain valid')
  const { work } = restored.database
  t.same(await findReceipt(work, refused.id), await findReceipt(context.database.work, refused.id))
  const data = restored.config.QINGDAN_DATA
  t.equal(await modeOf(join(data, 'keys/service.asc')), '600')
  t.equal(await modeOf(join(data, 'keys')), '700')
  t.equal((await loadServiceKey(restored)).fingerprint, trusted.fingerprint)

  t.test('unfinished work continues', async (t) => {
    t.same(await takeBundle(restored, waiting.id).then(({ state }) => state), 'staged')
    const [open] = await listPublications(restored, { open: true })
    t.match(open, { state: 'asked', digest: null }, 'it is prepared again')
    const [former] = await listPublications(context, { open: true })
    const again = await publishEdition(restored, open?.id ?? 0)
    t.match(
      again,
      { state: 'prepared', digest: former?.digest },
      'from the stored bundle, with the same digest',
    )
    const jobs = await work`SELECT DISTINCT name FROM pgboss.job ORDER BY name`
    t.same(
      jobs.map(({ name }) => name as string),
      ['publish-edition', 'take-bundle'],
    )
    t.equal(part.state, 'staged')
  })

  t.test('numbers continue where they were', async (t) => {
    const last = async ({ database }: OpenContext) =>
      (await database.work`SELECT max(id)::int AS id FROM qingdan.audit`)[0]?.['id'] as number
    t.ok((await last(restored)) > (await last(context)) - 2)
  })
})

t.test('a second backup writes only what is new', async (t) => {
  const report = await back()
  t.ok(report.objectsReused > 15, `${report.objectsReused} are reused`)
  t.ok(report.bytesWritten < 60_000, `${report.bytesWritten} bytes written`)
  const checked = await checkSets({ folder: sets, trusted }, context.clock())
  t.same(
    checked.map(({ faults }) => faults),
    [[], []],
  )
  t.match(await back(1), { setsRemoved: [/./, /./] }, 'older sets go')
  const [only, ...others] = await checkSets({ folder: sets, trusted }, context.clock())
  t.same([only?.faults, others], [[], []], 'what remains is complete')
})

t.test('publishing goes on during a backup', async (t) => {
  const busy = async () => {
    for (const name of ['2026', '2027']) {
      await take('tree-register', name, `tree of ${name}`)
      await source.publish('tree-register', name)
      await take('tree-register', name, `other tree of ${name}`)
      await source.publish('tree-register', name, { reason: 'Another' })
    }
  }
  let isBusy = true
  const work = busy().finally(() => {
    isBusy = false
  })
  const positions = new Set<number>()
  while (isBusy) {
    await back()
    const restored = await restoreTo(t)
    const feed = await feedOf(restored)
    positions.add(feed.length)
    t.same(feed, (await feedOf(context)).slice(0, feed.length), 'its changes are the first of the source')
    const files = await restored.database.work<{ name: string; digest: string; path: string }[]>`
      SELECT d.digest, 'editions/' || e.dataset || '/' || e.edition || '/v' || v.number || '/' || d.name AS path
      FROM qingdan.distribution d JOIN qingdan.version v ON v.id = d.version_id
      JOIN qingdan.edition e ON e.id = v.edition_id WHERE v.withdrawn_at IS NULL`
    for (const { path, digest } of files)
      t.equal(await digestOfFile(await restored.files.localPath(path)), digest, path)
    const tables = await restored.database.work<{ table: string; records: string }[]>`
      SELECT records_table AS table, records FROM qingdan.version
      WHERE published_at IS NOT NULL AND withdrawn_at IS NULL`
    for (const { table, records } of tables) {
      const [row] = await restored.database.work.unsafe(`SELECT count(*) AS rows FROM published.${table}`)
      t.equal(row?.['rows'], records, table)
    }
  }
  await work
  t.comment(`${positions.size} different states`)
})

t.test('altered, truncated and incomplete sets are refused', async (t) => {
  const [name = ''] = (await readdir(join(sets, 'sets'))).filter((file) => file.endsWith('.json')).slice(-1)
  const url = await emptyDatabase(t)
  const attempt = async (change: (copy: string) => Promise<void>) => {
    const copy = join(folder, 'altered')
    await cp(sets, copy, { recursive: true })
    await change(copy)
    const data = join(folder, 'refused')
    const config = { ...databaseOptions(url).config, QINGDAN_DATA: data }
    const target = { config, observe: () => undefined, now: context.clock() }
    const order = { folder: copy, key, trusted, checkContracts: async () => undefined }
    const reason = await reasonOf(restoreSet(target, order))
    const written = await stat(data).then(
      () => ' after writing',
      () => '',
    )
    await rm(copy, { recursive: true })
    await rm(data, { recursive: true, force: true })
    return `${reason}${written}`
  }
  const description = (copy: string) => join(copy, 'sets', name)
  const objects = async (copy: string) => {
    const { objects } = JSON.parse(await readFile(description(copy), 'utf8')) as {
      objects: { name: string }[]
    }
    return objects.map((one) => join(copy, 'objects', one.name.slice(0, 2), `${one.name}.pgp`))
  }
  const edit = (from: RegExp, to: string) => async (copy: string) => {
    const text = await readFile(description(copy), 'utf8')
    await writeFile(description(copy), text.replace(from, to))
  }
  const each: Readonly<Record<string, readonly [string, (copy: string) => Promise<void>]>> = {
    'a flipped bit': [
      'damaged',
      async (copy) => {
        const [file = ''] = await objects(copy)
        const bytes = await readFile(file)
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
        await writeFile(file, bytes)
      },
    ],
    'a truncated object': ['damaged', async (copy) => truncate((await objects(copy)).at(-1) ?? '', 10)],
    'a missing object': ['incomplete', async (copy) => rm((await objects(copy)).at(3) ?? '')],
    'a renamed set': [
      'damaged',
      async (copy) => {
        const newest = description(copy).replace(name, '2027-01-01T000000Z-abcdef.json')
        await rename(description(copy), newest)
        await rename(`${description(copy)}.asc`, `${newest}.asc`)
      },
    ],
    'a set renamed within its second': [
      'damaged',
      async (copy) => {
        const other = description(copy).replace(/-[0-9a-f]{6}\.json$/, '-ffffff.json')
        await rename(description(copy), other)
        await rename(`${description(copy)}.asc`, `${other}.asc`)
      },
    ],
    'another description': ['damaged', edit(/"software":"/, '"software":"9')],
    'a removed object': ['damaged', edit(/\{"name":"[^}]*\},/, '')],
    'a missing signature': ['incomplete', async (copy) => rm(`${description(copy)}.asc`)],
    'a truncated description': ['damaged', async (copy) => truncate(description(copy), 100)],
    'a newer format': ['newer', edit(/qingdan-backup\/1/, 'qingdan-backup/2')],
    'no set': ['no-set', async (copy) => rm(join(copy, 'sets'), { recursive: true })],
    'a newer schema, signed': [
      'newer',
      async (copy) => {
        await edit(/"migration":\d+/, '"migration":9999999999999')(copy)
        const signer = await openPrivateKey((await loadServiceKey(context)).privateKey)
        const bytes = await readFile(description(copy))
        await writeFile(
          `${description(copy)}.asc`,
          await signBytes(bytes, signer.key, { at: context.clock() }),
        )
      },
    ],
  }
  for (const [what, [reason, change]] of Object.entries(each)) t.equal(await attempt(change), reason, what)
})

t.test('only an empty place and the right keys', async (t) => {
  const url = await emptyDatabase(t)
  const target = (config: object) => ({
    config: config as never,
    observe: () => undefined,
    now: context.clock(),
  })
  const order = { folder: sets, key, trusted, checkContracts: async () => undefined }
  const { config } = databaseOptions(url)
  const full = join(folder, 'full')
  await mkdir(join(full, 'files'), { recursive: true })
  t.equal(await reasonOf(restoreSet(target({ ...config, QINGDAN_DATA: full }), order)), 'not-empty')
  const occupied = { ...config, DATABASE_URL: source.url, QINGDAN_DATA: join(folder, 'free') }
  t.equal(await reasonOf(restoreSet(target(occupied), order)), 'not-empty', 'another database')
  await t.rejects(stat(occupied.QINGDAN_DATA), { code: 'ENOENT' }, 'before anything is written')
  const other = await officeKey(new Date('2026-01-01T00:00:00Z'))
  const wrong = { ...order, key: await openPrivateKey(other.privateKey) }
  t.equal(await reasonOf(restoreSet(target(config), wrong)), 'other-key')
  const untrusted = { ...order, trusted: await readPublicKey(other.publicKey) }
  t.equal(await reasonOf(restoreSet(target(config), untrusted)), 'damaged')
  const inside = { folder: join(context.config.QINGDAN_DATA, 'sets'), recipient, actor: 'cli:test' }
  t.equal(await reasonOf(writeBackup(context, inside)), 'folder-unusable')
  await symlink(context.config.QINGDAN_DATA, join(folder, 'link'))
  for (const linked of ['link', join('link', 'new', 'sets')])
    t.equal(
      await reasonOf(writeBackup(context, { ...inside, folder: join(folder, linked) })),
      'folder-unusable',
      'inside by a symbolic link',
    )
  const own = writeBackup(context, { folder: sets, recipient: trusted, actor: 'cli:test' })
  t.equal(await reasonOf(own), 'key-unusable', 'the key that would be lost')
  t.same(await Promise.all([reasonOf(back()), reasonOf(back())]).then((reasons) => reasons.sort()), [
    'busy',
    'unexpected: undefined',
  ])
})

t.test('data of an older schema are migrated after they are loaded', async (t) => {
  const url = await emptyDatabase(t)
  const database = await openDatabase(databaseOptions(url))
  t.teardown(() => database.close())
  const [first = 0] = knownMigrations()
  t.equal(await database.migrate({ upTo: first }), 1)
  t.notOk(await hasContent(url), 'a schema is no content')
  const table = { schema: 'qingdan', name: 'signer', columns: ['fingerprint'] }
  const early = { schema: 'qingdan', name: 'note', columns: ['name', 'value'] }
  async function* line() {
    yield Buffer.from('origin\t{"id":"a\\\\nb"}\n')
  }
  await t.rejects(
    loadTables(database.workUrl, 'label', async ({ copy }) => void (await copy(table, line()))),
    { code: '42P01' },
    'that table came later',
  )
  await loadTables(database.workUrl, 'label', async ({ copy }) => void t.equal(await copy(early, line()), 1))
  t.ok(await hasContent(url))
  t.same([await isLoadedWith(url, 'label'), await isLoadedWith(url, 'other')], [true, false])
  t.equal(await database.migrate({ upTo: knownMigrations().at(-1) ?? 0 }), knownMigrations().length)
  t.same(await readSetting(database.work, 'origin'), { id: 'a\nb' })
})
