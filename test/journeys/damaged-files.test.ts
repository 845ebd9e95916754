/** Stored files that are flipped, truncated, missing or restored: what readers get, and what is reported. */
import { cp, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { digestOf } from '../../src/platform/digest.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const dataset = 'tree-register'
const contract = contractOf(
  [field('tree', 'string', { role: 'key', constraints: { required: true } })],
  ['tree'],
  { dataset, themes: ['education'], formats: ['csv', 'json'] },
)
const { app, context, get, lines, take, publish, folder } = await openTestContext(t, {
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

t.test('each change is logged, with the name of the file and nothing of its content', async (t) => {
  t.equal(linesOf('file-damaged'), 3)
  t.equal(linesOf('file-intact'), 3)
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
