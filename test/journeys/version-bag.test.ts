/**
 * A version as a signed bag over HTTP: the same bytes on each request, in ranges too, read by its tools and
 * by our tests.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadServiceKey } from '../../src/accounts/index.ts'
import { checkSignatures, openBag, readPublicKey, readWhole, verifyWhole } from '../../src/bundle/index.ts'
import { exportLimits } from '../../src/bundle/node/signed-version/open.ts'
import { withdraw } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, temporaryFolder } from '../support/open-test-context.ts'

t.setTimeout(120_000)

const tree = field('tree', 'string', { role: 'key', constraints: { required: true } })
const contract = (dataset: string, more = {}) =>
  contractOf([tree], ['tree'], { dataset, themes: ['education'], formats: ['csv', 'csv.gz'], ...more })
const testContext = await openTestContext(t, {
  contracts: [contract('tree-register'), contract('secret-trees', { openClass: 'not-open' })],
})
const { get, context } = testContext
for (const dataset of ['tree-register', 'secret-trees']) {
  await testContext.take({ dataset, edition: '2024', rows: 'tree\noak\n' })
  await testContext.publish(dataset, '2024')
}
const at = '/v1/datasets/tree-register/editions/2024/versions/1'

t.test("the bag is complete, signed, and contains the version's files", async (t) => {
  const answer = await get(`${at}/bag.zip`)
  t.equal(answer.status, 200)
  t.match(answer.headers, { 'content-type': 'application/zip', 'accept-ranges': 'bytes' })
  t.match(String(answer.headers['content-disposition']), 'tree-register-2024-v1.bag.zip')
  const path = join(await temporaryFolder(t), 'bag.zip')
  await writeFile(path, answer.bytes)
  const bag = await openBag(path, 'zip', exportLimits)
  t.teardown(() => bag.close())
  t.same((await verifyWhole(bag)).findings, [])
  const whole = async (name: string) => (await readWhole(bag, name, 1 << 20)) ?? Buffer.alloc(0)
  const { publicKey } = await loadServiceKey(context)
  const signature = String(await whole('tagmanifest-sha256.txt.asc'))
  const keys = [await readPublicKey(publicKey)]
  const [outcome] = await checkSignatures(await whole('tagmanifest-sha256.txt'), signature, keys, new Date())
  t.match(outcome, { good: true })
  const file = 'tree-register-2024-v1.csv'
  t.same(await whole(`data/editions/tree-register/2024/v1/${file}`), (await get(`${at}/files/${file}`)).bytes)
  t.match(JSON.parse(String(await whole('datapackage.json'))), {
    qingdan: { kind: 'export', excerpt: ['tree-register/2024/v1'], restricted: false },
  })
})

t.test("the same bytes, whole and in ranges, unless the caller's copy is current", async (t) => {
  const first = await get(`${at}/bag.zip`)
  const [again, same] = await Promise.all([get(`${at}/bag.zip`), get(`${at}/bag.zip`)])
  t.same(again.bytes, first.bytes)
  t.same(same.bytes, first.bytes)
  const [stored] = await context.files.list('bags')
  await context.files.remove(stored ?? '')
  t.same((await get(`${at}/bag.zip`)).bytes, first.bytes, 'also when it is built again')
  const etag = String(first.headers['etag'])
  t.equal((await get(`${at}/bag.zip`, { 'if-none-match': etag })).status, 304)
  const range = await get(`${at}/bag.zip`, { range: 'bytes=10-19' })
  t.equal(range.status, 206)
  t.same(range.bytes, first.bytes.subarray(10, 20))
})

t.test('callers who may not read the version do not get its bag', async (t) => {
  const restricted = '/v1/datasets/secret-trees/editions/2024/versions/1/bag.zip'
  t.equal((await get(restricted)).status, 404)
  const { authorization } = await testContext.key({ scopes: ['read-restricted'] })
  const allowed = await get(restricted, { authorization })
  t.match(allowed, { status: 200, headers: { 'cache-control': 'private, no-cache' } })
  t.equal((await get(`${at.replace('versions/1', 'versions/2')}/bag.zip`)).status, 404)
  const latest = await get(`${at.replace('versions/1', 'versions/latest')}/bag.zip`)
  t.match(latest, { status: 307, headers: { location: `${at}/bag.zip` } })
  const by = { dataset: 'tree-register', edition: '2024', version: 1, actor: 'cli:test' }
  await withdraw(context, { ...by, reason: 'measured wrongly' })
  t.match(await get(`${at}/bag.zip`), { status: 410, text: /measured wrongly/ })
})
