/**
 * Encrypted bundles from end to end: an office checks, encrypts and signs, nobody on the way can read a row,
 * and the service accepts it. A bundle that is encrypted to another key, truncated or changed is refused, by
 * HTTP and by the command line, and no cell value is left anywhere.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { addSigner, loadServiceKey } from '../../src/accounts/index.ts'
import {
  encryptTo,
  openPrivateKey,
  type PublicKeyFile,
  readPublicKey,
  signaturePath,
  signBytes,
} from '../../src/bundle/index.ts'
import { takeBundle } from '../../src/ingest/index.ts'
import { gateDataset as dataset, gateContract, good, marker } from '../support/bad-bundles.ts'
import { type BagFiles, describe, readBag, seal, zipFiles } from '../support/bag-files.ts'
import { openTestContext, writeBag } from '../support/open-test-context.ts'
import { officeKey } from '../support/openpgp.ts'
import { callCli } from '../support/run-cli.ts'

const testContext = await openTestContext(t, {
  contracts: [gateContract],
  settings: { QINGDAN_UNSIGNED: 'refuse' },
})
const { context, get, folder } = testContext
const createdAt = new Date('2026-01-05T04:00:00Z')
const office = await officeKey(createdAt)
const { fingerprint, userIds } = await readPublicKey(office.publicKey)
await addSigner(
  context.database,
  { fingerprint, userIds, publicKey: office.publicKey, provider: 'edu-commission' },
  { clock: context.clock, actor: 'cli:test' },
)
const officeSecret = await openPrivateKey(office.privateKey)
const service = await readPublicKey((await loadServiceKey(context)).publicKey)
const stranger = await readPublicKey((await officeKey(createdAt)).publicKey)
const { authorization } = await testContext.key({ scopes: ['ingest'] })
const goodBag = await readBag(await writeBag(folder, { dataset, edition: '2025', rows: good }))
const file = 'data/rows.csv.pgp'

/** A signed bag whose rows are encrypted to a key, and damaged after that. */
async function sealedBag(
  key: PublicKeyFile,
  { rows = good, spoil: change = (bytes: Buffer) => bytes } = {},
): Promise<Buffer> {
  const files: BagFiles = new Map(goodBag)
  files.delete('data/rows.csv')
  files.set(file, change(await buffer(encryptTo(Readable.from([Buffer.from(rows)]), key))))
  describe(files, ({ resources: [first] }) => Object.assign(first ?? {}, { path: file }))
  seal(files)
  const signed = files.get('tagmanifest-sha256.txt') ?? Buffer.alloc(0)
  const at = new Date('2026-02-01T04:00:00Z')
  files.set(signaturePath, Buffer.from(await signBytes(signed, officeSecret.key, { at })))
  return zipFiles(files)
}

const lastByte = (bytes: Buffer) => {
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  return bytes
}

const cases: readonly (readonly [name: string, check: string, zip: Buffer])[] = [
  ['encrypted to another key', 'encrypted-other-key', await sealedBag(stranger)],
  ['changed in its last byte', 'encrypted-damaged', await sealedBag(service, { spoil: lastByte })],
  [
    ...(['truncated', 'encrypted-damaged'] as const),
    await sealedBag(service, { spoil: (bytes) => bytes.subarray(0, bytes.length - 25) }),
  ],
  ['not encrypted', 'encrypted-damaged', await sealedBag(service, { spoil: () => Buffer.from(good) })],
  ['a wrong cell', 'type', await sealedBag(service, { rows: good.replace(',5,', ',five,') })],
]

const post = async (zip: Buffer) => {
  const { id } = (await testContext.post('/v1/bundles', zip, authorization)).json<{ id: string }>()
  const receipt = await takeBundle(context, id)
  return { receipt, findings: await testContext.findingsOf(receipt) }
}

t.test('over HTTP each is refused by its check, and the good one is accepted', async (t) => {
  for (const [name, check, zip] of cases) {
    const { receipt, findings } = await post(zip)
    const state = check === 'type' ? 'quarantined' : 'refused'
    t.match(receipt, { state, signer: fingerprint }, name)
    t.match(findings, [{ check, file }], name)
    t.notOk(JSON.stringify(findings).includes(marker), name)
  }
  const { receipt, findings } = await post(await sealedBag(service))
  t.match(receipt, { state: 'staged', errors: 0, signer: fingerprint })
  t.same(findings, [])
  t.match(receipt.files, [{ file, rowsRead: 2, rowsTaken: 2 }])
})

t.test('no value remains in scratch, in the stored bundles, in receipts or in the log', async (t) => {
  const files = join(folder, 'var', 'files')
  const names = (await readdir(files, { recursive: true, withFileTypes: true })).filter((one) => one.isFile())
  t.ok(names.length >= cases.length)
  t.notOk(
    names.some(({ name }) => name.startsWith('sealed-')),
    'scratch is empty',
  )
  for (const { parentPath, name } of names) {
    if (name === 'bundle.zip') continue
    t.notOk((await readFile(join(parentPath, name), 'utf8')).includes(marker), name)
  }
  t.notOk(testContext.lines.some((line) => line.includes(marker)))
  for (const table of ['bundle', 'finding', 'audit']) {
    const rows = await context.database.work.unsafe(
      `SELECT 1 FROM qingdan.${table} AS one WHERE one::text LIKE '%${marker}%'`,
    )
    t.equal(rows.length, 0, table)
  }
})

t.test('one command checks, encrypts and signs, and everything but the rows can be checked', async (t) => {
  const path = (name: string) => join(folder, name)
  await writeFile(path('rows.csv'), good)
  await writeFile(path('wrong.csv'), good.replace(',5,', ',five,'))
  await writeFile(path('office.asc'), office.privateKey)
  await writeFile(path('public.asc'), office.publicKey)
  await writeFile(path('service.asc'), (await get('/v1/service-key.asc')).text)
  const cli = (...args: readonly string[]) => callCli(args, testContext.environment)
  const create = (name: string, ...more: readonly string[]) => {
    const keys = ['--sign', path('office.asc'), '--encrypt-to', path('service.asc')]
    return cli('bundle', 'create', path(name), '--dataset', dataset, '--edition', '2026', ...keys, ...more)
  }
  const wrong = await create('wrong.csv', '--out', path('wrong.zip'), '--json')
  t.equal(wrong.code, 3, 'rows are checked before they are encrypted')
  t.match(JSON.parse(wrong.stdout), { path: null, findings: [{ check: 'type' }] })
  const created = await create('rows.csv', '--out', path('sealed'))
  t.equal(created.code, 0, created.stderr)
  t.same(await readdir(join(path('sealed'), 'data')), ['rows.csv.pgp'])
  const verified = await cli('bundle', 'verify', path('sealed'), '--keys', path('public.asc'), '--json')
  t.equal(verified.code, 0, verified.stderr)
  t.match(JSON.parse(verified.stdout).findings, [{ check: 'encrypted-unread', severity: 'warning' }])
  const damaged = path('spoiled.zip')
  await writeFile(damaged, cases[1]?.[2] ?? Buffer.alloc(0))
  const ingested = await cli('ingest', '--json', path('sealed'), damaged)
  t.equal(ingested.code, 3, ingested.stderr)
  t.match(JSON.parse(ingested.lines[0] ?? ''), { state: 'staged', signer: fingerprint })
  t.match(JSON.parse(ingested.lines[1] ?? ''), {
    state: 'refused',
    findings: [{ check: 'encrypted-damaged' }],
  })
  t.notOk((ingested.stdout + ingested.stderr + verified.stdout).includes(marker))
})
