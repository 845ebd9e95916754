/**
 * Signed bundles from end to end, under default settings: who may bring what, every invalid signature, by
 * HTTP and by the command line; and the signed receipt that is returned. No cell value is ever repeated.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { addSigner, loadServiceKey, revokeSigner } from '../../src/accounts/index.ts'
import {
  checkSignatures,
  openPrivateKey,
  type PrivateKeyFile,
  readPublicKey,
  readPublicKeys,
  signaturePath,
  signBytes,
} from '../../src/bundle/index.ts'
import { openServiceKey } from '../../src/cli/bundles/loose-files.ts'
import { takeBundle } from '../../src/ingest/index.ts'
import { gateDataset as dataset, gateContract, good, marker } from '../support/bad-bundles.ts'
import { type BagFiles, describe, readBag, seal, zipFiles } from '../support/bag-files.ts'
import { openTestContext, writeBag } from '../support/open-test-context.ts'
import { type OfficeKey, officeKey, openGpg, withoutGpg } from '../support/openpgp.ts'
import { callCli } from '../support/run-cli.ts'

const testContext = await openTestContext(t, {
  contracts: [gateContract],
  settings: { QINGDAN_UNSIGNED: 'refuse' },
  // CLI processes have the real clock; a key created in the past works with both clocks.
  at: '2026-03-01T04:00:00Z',
})
const { context, get, folder, environment } = testContext
const keyDate = new Date('2026-01-05T04:00:00Z')
const signedAt = new Date('2026-02-01T04:00:00Z')
const provider = 'edu-commission'
const cli = (...args: readonly string[]) => callCli(args, environment)
const goodBag = await readBag(await writeBag(folder, { dataset, edition: '2025', rows: good }))
const { authorization } = await testContext.key({ scopes: ['ingest'] })
const by = { clock: context.clock, actor: 'cli:test' }

interface Report {
  readonly id: string
  readonly state: string
  readonly signer: string | null
  readonly errors: number
  readonly findings: readonly { readonly check: string; readonly severity: string }[]
}

/** Creates and registers a key, unless it must be unknown. */
async function office(
  scope:
    | { readonly provider?: string; readonly datasets?: readonly string[]; readonly validUntil?: Date }
    | 'unknown',
  more: Parameters<typeof officeKey>[1] = {},
): Promise<OfficeKey & PrivateKeyFile> {
  const key = await officeKey(keyDate, more)
  if (scope !== 'unknown') {
    const { fingerprint, userIds } = await readPublicKey(key.publicKey)
    await addSigner(
      context.database,
      { provider, ...scope, fingerprint, userIds, publicKey: key.publicKey },
      by,
    )
  }
  return { ...key, ...(await openPrivateKey(key.privateKey)) }
}

/** A bag of the good rows with a note of its own, so that each is another bundle, signed by these keys. */
async function bagBy(
  comment: string,
  keys: readonly PrivateKeyFile[],
  damage: (files: BagFiles) => void = () => {},
): Promise<Buffer> {
  const files = new Map(goodBag)
  describe(files, ({ resources: [first] }) => Object.assign(first ?? {}, { title: comment }))
  seal(files)
  const signed = files.get('tagmanifest-sha256.txt') ?? Buffer.alloc(0)
  const texts = await Promise.all(
    keys.map(({ key, createdAt }) =>
      signBytes(signed, key, { at: createdAt > signedAt ? createdAt : signedAt }),
    ),
  )
  // Several armoured blocks are not one signature, so the binary signatures are joined.
  if (texts.length > 0) files.set(signaturePath, Buffer.from(texts.join('')))
  damage(files)
  return zipFiles(files)
}

const valid = await office({})
const revoked = await office({})
const [other, elsewhere, unknown, ended, brief, over] = await Promise.all([
  office({ provider: 'edu-310101' }),
  office({ datasets: ['kite-register'] }),
  office('unknown'),
  office({}, { keyExpirationTime: 30 * 86_400 }),
  office({ validUntil: new Date('2026-02-15T04:00:00Z') }),
  office({}),
])
await revokeSigner(context.database, { fingerprint: revoked.fingerprint, reason: 'lost' }, by)
const service = await openServiceKey(context)

/** The change, and the check that must find it. */
const cases: readonly (readonly [name: string, check: string, zip: Buffer])[] = [
  ['no signature', 'signature-missing', await bagBy('a', [])],
  ['an unknown key', 'signature-unknown-key', await bagBy('b', [unknown])],
  ['a revoked key', 'signature-revoked', await bagBy('c', [revoked])],
  ['an expired key', 'signature-expired', await bagBy('d', [ended])],
  ['a key whose registration has ended', 'signature-expired', await bagBy('e', [brief])],
  ['the key of another provider', 'signature-other-provider', await bagBy('f', [other])],
  ['a key for other datasets', 'signature-other-provider', await bagBy('g', [elsewhere])],
  [
    ...(['the signature of another manifest', 'signature-wrong'] as const),
    await bagBy('h', [over], (files) => {
      describe(files, ({ resources: [first] }) => Object.assign(first ?? {}, { title: 'changed' }))
      seal(files)
    }),
  ],
  [
    ...(['a text in place of the signature', 'signature-malformed'] as const),
    await bagBy('i', [], (files) => files.set(signaturePath, Buffer.from(`signed: ${marker}`))),
  ],
  [
    ...(['an incomplete tag manifest', 'signature-partial'] as const),
    await bagBy('j', [], (files) => {
      files.set('tagmanifest-sha256.txt', Buffer.from(''))
      files.set(signaturePath, Buffer.from('x'))
    }),
  ],
]

const post = async (zip: Buffer) => {
  const posted = await testContext.post('/v1/bundles', zip, authorization)
  const { id } = posted.json<{ id: string }>()
  await takeBundle(context, id)
  const receipt = (await get(`/v1/bundles/${id}`, { authorization })).json<Report>()
  const page = await get(`/v1/bundles/${id}/findings`, { authorization })
  return { ...receipt, findings: page.json<{ data: Report['findings'] }>().data }
}

t.test('over HTTP each is refused by its check, and the good one is accepted', async (t) => {
  for (const [name, check, zip] of cases) {
    const answered = await post(zip)
    t.match(answered, { state: 'refused', signer: null, errors: 1 }, name)
    t.same(
      answered.findings.map((finding) => `${finding.check} ${finding.severity}`),
      [`${check} error`],
      name,
    )
    t.notMatch(JSON.stringify(answered), new RegExp(marker), `${name}: no value is repeated`)
  }
  const answered = await post(await bagBy('good', [valid]))
  t.match(answered, { state: 'staged', signer: valid.fingerprint, errors: 0 })
  t.same(answered.findings, [])
  const ours = await post(await bagBy('ours', [service]))
  t.match(ours.findings, [{ check: 'signature-unknown-key' }], "the service's own key is not accepted there")
})

t.test("the same on the command line, with exit code 3, and the service's own key is accepted", async (t) => {
  const zips = join(folder, 'zips')
  await mkdir(zips)
  const paths: string[] = []
  const all = [...cases, ['our own key', '', await bagBy('own', [service])] as const]
  for (const [index, [, , zip]] of all.entries()) {
    const path = join(zips, `${String(index).padStart(2, '0')}.zip`)
    await writeFile(path, zip)
    paths.push(path)
  }
  const receipts = join(folder, 'back')
  const ended = await cli('ingest', '--json', '--receipts', receipts, ...paths)
  t.equal(ended.code, 3, ended.stderr.slice(-500))
  const answered = ended.lines.map((line) => JSON.parse(line) as Report)
  t.same(
    answered.map(({ state, findings }) => findings[0]?.check ?? state),
    [...cases.map(([, check]) => check), 'staged'],
  )
  t.equal(answered.at(-1)?.signer, service.fingerprint)
  t.same(
    (await readdir(receipts)).filter((name) => name.startsWith('00.')).sort(),
    ['00.findings.csv', '00.receipt.json', '00.receipt.json.asc'],
    'the returned receipt is beside it',
  )
  for (const name of await readdir(receipts)) {
    t.notOk((await readFile(join(receipts, name), 'utf8')).includes(marker), name)
  }
  t.notOk((ended.stdout + ended.stderr).includes(marker))
})

t.test('without a network the same code checks signatures with the keys passed to it', async (t) => {
  const keys = join(folder, 'keys')
  await mkdir(keys)
  await writeFile(join(keys, 'valid.asc'), valid.publicKey)
  await writeFile(join(keys, 'over.asc'), over.publicKey)
  const zip = (index: number) => join(folder, 'zips', `${String(index).padStart(2, '0')}.zip`)
  await writeFile(zip(90), await bagBy('offline', [valid]))
  const paths = [zip(90), zip(0), zip(1), zip(7), zip(8)]
  const checksOf = (lines: readonly string[]) =>
    lines.map((line) => {
      const [first] = (JSON.parse(line) as Report).findings
      return first === undefined ? 'in order' : `${first.check} ${first.severity}`
    })
  const strict = await cli('bundle', 'verify', '--json', '--keys', keys, ...paths)
  t.equal(strict.code, 3, strict.stderr)
  t.same(checksOf(strict.lines), [
    'in order',
    'signature-missing error',
    'signature-unknown-key error',
    'signature-wrong error',
    'signature-malformed error',
  ])
  const named = await cli('bundle', 'verify', '--json', ...paths)
  t.same(checksOf(named.lines), [
    'signature-unchecked warning',
    'signature-missing warning',
    'signature-unchecked warning',
    'signature-unchecked warning',
    'signature-malformed error',
  ])
})

t.test('an office signs its bundle with a passphrase-protected key, and it is accepted', async (t) => {
  const key = await office({}, { passphrase: 'correct horse' }).catch(() => undefined)
  t.equal(key, undefined, 'a protected key needs its passphrase')
  const pair = await officeKey(keyDate, { passphrase: 'correct horse' })
  const { userIds } = await readPublicKey(pair.publicKey)
  const { fingerprint, publicKey } = pair
  await addSigner(context.database, { provider, fingerprint, userIds, publicKey }, by)
  const [csv, secret, words, out] = ['rows.csv', 'secret.asc', 'words.txt', 'signed.zip'].map((name) =>
    join(folder, name),
  ) as [string, string, string, string]
  await writeFile(csv, good)
  await writeFile(secret, pair.privateKey)
  await writeFile(words, 'correct horse\n')
  const create = (...more: readonly string[]) =>
    cli(
      'bundle',
      'create',
      csv,
      '--dataset',
      dataset,
      '--edition',
      '2026',
      '--out',
      out,
      '--sign',
      secret,
      ...more,
    )
  const prompted = await create()
  t.equal(prompted.code, 2)
  t.match(prompted.stderr, /enter its passphrase/)
  const created = await create('--passphrase-file', words, '--json')
  t.equal(created.code, 0, created.stderr)
  t.match(JSON.parse(created.stdout), { signer: fingerprint, path: out })
  t.notMatch(created.stdout + created.stderr, /correct horse/)
  const ingested = await cli('ingest', '--json', out)
  t.match(JSON.parse(ingested.stdout), { state: 'staged', signer: fingerprint }, ingested.stderr)
})

t.test('the receipt is canonical, signed by the service, and never changes', async (t) => {
  const { id } = await post(cases[7]?.[2] ?? Buffer.alloc(0))
  const address = `/v1/bundles/${id}/receipt.json`
  const [json, signature, again] = await Promise.all(
    [address, `${address}.asc`, address].map((url) => get(url, { authorization })),
  )
  t.equal(json?.status, 200)
  t.equal(json?.text, again?.text)
  const body = JSON.parse(json?.text ?? '')
  t.match(body, { format: 'qingdan-receipt/1', id, state: 'refused', signedBy: service.fingerprint })
  t.equal(JSON.stringify(body).length + 1, json?.text.length, 'no white space but the last line break')
  const keys = await readPublicKeys((await loadServiceKey(context)).publicKey)
  const [outcome] = await checkSignatures(
    Buffer.from(json?.text ?? ''),
    signature?.text ?? '',
    keys,
    context.clock(),
  )
  t.match(outcome, { good: true, fingerprint: service.fingerprint })
  const foreign = await testContext.key({ scopes: ['ingest'] })
  t.equal((await get(address, { authorization: foreign.authorization })).status, 404)
  t.equal((await get(address)).status, 401)

  const posted = await testContext.post('/v1/bundles', await bagBy('waiting', [valid]), authorization)
  const waiting = await get(`/v1/bundles/${posted.json<{ id: string }>().id}/receipt.json`, { authorization })
  t.equal(waiting.status, 409)
  t.equal(waiting.json<{ code: string }>().code, 'receipt-not-final')
})

t.test('GnuPG verifies the returned receipt', { skip: withoutGpg }, async (t) => {
  const gpg = await openGpg(t)
  await gpg.import((await get('/v1/service-key.asc')).text)
  const receipt = join(folder, 'back', '03.receipt.json')
  t.match(
    (await gpg.run('--verify', `${receipt}.asc`, receipt)).stderr,
    /Good signature from "Qingdan service/,
  )
})

t.test('if the setting allows it, unsigned and unknown pass with a warning, and nothing else', async (t) => {
  const lenient = await openTestContext(t, { contracts: [gateContract] })
  const { authorization } = await lenient.key({ scopes: ['ingest'] })
  const outcome = async (zip: Buffer) => {
    const { id } = (await lenient.post('/v1/bundles', zip, authorization)).json<{ id: string }>()
    const receipt = await takeBundle(lenient.context, id)
    const [first] = await lenient.findingsOf(receipt)
    return `${receipt.state} ${first?.check} ${first?.severity}`
  }
  t.equal(await outcome(cases[0]?.[2] ?? Buffer.alloc(0)), 'staged signature-missing warning')
  t.equal(await outcome(cases[1]?.[2] ?? Buffer.alloc(0)), 'staged signature-unknown-key warning')
  t.equal(await outcome(cases[8]?.[2] ?? Buffer.alloc(0)), 'refused signature-malformed error')
})

t.test('no cell value is in a log line', async (t) => {
  t.ok(testContext.lines.length > cases.length)
  t.notOk(testContext.lines.some((line) => line.includes(marker)))
  t.notOk(testContext.lines.some((line) => /PRIVATE KEY|correct horse/.test(line)))
})
