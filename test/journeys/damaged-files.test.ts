/** Stored files that are flipped, truncated, missing or restored: what readers get, and what is reported. */
import {
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { digestOf } from '../../src/platform/digest.ts'
import { failingDisk } from '../support/failing-disk.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, zipOf } from '../support/open-test-context.ts'

const dataset = 'tree-register'
const contract = contractOf(
  [field('tree', 'string', { role: 'key', constraints: { required: true } })],
  ['tree'],
  { dataset, themes: ['education'], formats: ['csv', 'json'] },
)
const { app, context, get, post, key, lines, take, publish, folder } = await openTestContext(t, {
  contracts: [contract],
})
await take({ dataset, edition: '2024', rows: 'tree\noak\nlime\n' })
await publish(dataset, '2024')
const version = `/v1/datasets/${dataset}/editions/2024/versions/1`
const name = `${dataset}-2024-v1.csv`
const url = `${version}/files/${name}`
const path = join(folder, 'var/files/editions', dataset, '2024/v1', name)
const original = await readFile(path)

/** Changes one bit, and neither size nor time of modification. */
async function flip(file: string, at = 7): Promise<void> {
  const [bytes, { atime, mtime }] = [await readFile(file), await stat(file)]
  bytes[at] = (bytes[at] ?? 0) ^ 1
  await writeFile(file, bytes)
  await utimes(file, atime, mtime)
}

/** Expects that GET, HEAD and a range are refused alike, and that nothing of the file's digest is sent. */
async function refused(t: Test, address: string): Promise<void> {
  for (const [method, headers] of [
    ['GET', {}],
    ['HEAD', {}],
    ['GET', { range: 'bytes=0-3' }],
  ] as const) {
    const answer = await app.inject({ method, url: address, headers })
    t.equal(answer.statusCode, 503, `${method} ${JSON.stringify(headers)}`)
    for (const header of ['etag', 'repr-digest', 'content-range']) t.notOk(answer.headers[header], header)
    t.match(answer.headers, { 'retry-after': /^\d+$/, 'cache-control': 'no-store' })
    if (method === 'GET') t.match(answer.json(), { code: 'file-damaged' })
  }
}

const linesOf = (event: string) => lines.filter((line) => line.includes(`"event":"${event}"`)).length

for (const [fault, damage] of [
  ['digest', () => flip(path)],
  ['size', () => truncate(path, original.length - 1)],
  ['missing', () => rm(path)],
] as const) {
  t.test(`a file with the fault "${fault}" is refused until it is restored`, async (t) => {
    t.equal((await get(url)).status, 200, 'served before')
    await damage()
    await refused(t, url)
    t.equal((await get(url.replace('.csv', '.json'))).status, 200, 'other files are served')
    t.match(await context.metrics(), `qingdan_file_damaged_total{fault="${fault}"} 1`, 'reported once')
    await writeFile(path, original)
    const again = await get(url)
    t.equal(again.status, 200, 'served again without a restart')
    t.equal(again.headers['etag'], `"${digestOf(again.bytes)}"`)
  })
}

t.test('a file that the disk does not return is refused until it does', async (t) => {
  const disk = await failingDisk()
  const folders = [join(folder, 'var/files')]
  t.teardown(disk.heal)
  // Its digest is read anew, to its end in two operations; then the error comes when it is sent.
  await utimes(path, new Date(), new Date())
  disk.fail({ folders, operations: 'read', skip: 2 })
  const sent = await get(url)
  t.match(sent.json(), { status: 503, code: 'storage-failing' })
  t.match(sent.headers, { 'retry-after': '60' })
  for (const header of ['etag', 'repr-digest', 'content-length']) t.notMatch(sent.headers[header], /"|sha/)
  disk.fail({ folders, operations: 'read' })
  await utimes(path, new Date(), new Date())
  await refused(t, url)
  t.match(await context.metrics(), 'qingdan_file_damaged_total{fault="unreadable"} 1')
  disk.heal()
  t.equal((await get(url)).status, 200, 'served again without a restart')
})

t.test('a disk that fails while something is received: 503, no receipt, the same bytes later', async (t) => {
  const disk = await failingDisk()
  const folders = [join(folder, 'var/files')]
  const { authorization } = await key({ scopes: ['ingest'], provider: 'edu-commission' })
  const zip = await zipOf(folder, { dataset, edition: '2025', rows: 'tree\nelm\n' })
  t.teardown(disk.heal)
  const received = () => context.database.work`SELECT id FROM qingdan.bundle ORDER BY id`
  const before = await received()
  for (let skip = 0; ; skip += 1) {
    disk.fail({ folders, operations: 'write', skip })
    const answer = await post('/v1/bundles', zip, authorization)
    if (answer.status === 202) break
    t.match(answer.headers, { 'retry-after': '60' })
    t.match(answer.json(), { status: 503, code: 'storage-failing' }, `after ${skip} operations`)
    t.same(await received(), before, 'there is no receipt')
  }
  t.equal(await context.files.findFault(), 'failing')
  disk.heal()
  t.equal(await context.files.findFault(), undefined)
})

t.test('a disk that is not mounted any more: nothing is received into its empty place', async (t) => {
  const { authorization } = await key({ scopes: ['ingest'], provider: 'edu-commission' })
  const zip = await zipOf(folder, { dataset, edition: '2023', rows: 'tree\nfir\n' })
  const files = join(folder, 'var/files')
  await rename(files, `${files}.away`)
  await mkdir(files)
  const answer = await post('/v1/bundles', zip, authorization)
  t.match(answer.headers, { 'retry-after': '60' })
  t.match(answer.json(), { status: 503, code: 'storage-missing' })
  t.match((await get('/ready')).json(), { storage: 'missing' })
  t.same(await readdir(files), [])
  await rmdir(files)
  await rename(`${files}.away`, files)
  t.equal((await post('/v1/bundles', zip, authorization)).status, 202)
})

t.test('each change is logged, with the name of the file and nothing of its content', async (t) => {
  t.equal(linesOf('file-damaged'), 4)
  t.equal(linesOf('file-intact'), 4)
})

t.test('a damaged bag is made again; without the files of the version it is refused', async (t) => {
  const bag = `${version}/bag.zip`
  const first = await get(bag)
  const [stored = ''] = await context.files.list('bags')
  await flip(join(folder, 'var/files', stored), 100)
  t.same((await get(bag)).bytes, first.bytes)
  t.same(await context.files.list('bags'), [stored])
  await context.files.remove(stored)
  await flip(path)
  await refused(t, bag)
  await writeFile(path, original)
  t.same((await get(bag)).bytes, first.bytes)
})

t.test('a move never replaces a file', async (t) => {
  await cp(path, `${path}.copy`)
  const stored = `editions/${dataset}/2024/v1/${name}`
  await t.rejects(context.files.move(`${stored}.copy`, stored), /never replaced/)
  await context.files.move(`${stored}.copy`, 'elsewhere/copy')
  t.same(await context.files.list('elsewhere'), ['elsewhere/copy'])
})
