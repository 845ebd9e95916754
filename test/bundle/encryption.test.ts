/**
 * Encrypted files: files encrypted by us or GnuPG are read, no bytes are returned before verification, and defects are
 * findings. The scratch file is unreadable for others.
 */
import { createReadStream } from 'node:fs'
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createMessage, encrypt, enums } from 'openpgp'
import t from 'tap'
import {
  decryptBag,
  decryptInto,
  encryptTo,
  holdsEncrypted,
  openPrivateKey,
  openSealedScratch,
  readPublicKey,
  verifyManifest,
} from '../../src/bundle/index.ts'
import { digestOf } from '../../src/platform/digest.ts'
import { bagOf, contract, contractsOf, limits, refusalOf } from '../support/bundle-fixture.ts'
import { officeKey, openGpg, withoutGpg } from '../support/openpgp.ts'

const createdAt = new Date('2026-01-05T04:00:00Z')
const service = await officeKey(createdAt)
const publicKey = await readPublicKey(service.publicKey)
const opened = await openPrivateKey(service.privateKey)
const marker = 'Zq7Marker'
/** 1.4 MB that compress like a table, with the marker in every piece. */
const rows = Array.from({ length: 60_000 }, (_, n) => `${marker},${(n * 7_919) % 1_000_003},abc\n`)
const plain = Buffer.from(`name,size,note\n${rows.join('')}`)

const encrypted = (data: Buffer) => buffer(encryptTo(Readable.from([data]), publicKey))

/** Decrypts bytes through a scratch file and returns the plain ones. */
async function decrypted(folder: string, bytes: Buffer, more: Partial<typeof limits> = {}): Promise<Buffer> {
  const scratch = await openSealedScratch(folder)
  const source = Readable.from(bytes.length === 0 ? [] : [bytes.subarray(0, 100), bytes.subarray(100)])
  try {
    const file = { path: 'data/rows.csv.pgp', bytes: bytes.length, source }
    const sealed = await decryptInto(scratch, file, opened, { ...limits, ...more })
    const [first, second] = [await buffer(sealed.read()), await buffer(sealed.read())]
    if (!first.equals(second) || first.length !== sealed.bytes)
      throw new Error('the second read differs from the first')
    return first
  } finally {
    await scratch.erase()
  }
}

t.test('files of any size encrypted to the service are read', async (t) => {
  for (const size of [0, 1, 65_535, 65_536, 65_537, 131_072, plain.length]) {
    const data = plain.subarray(0, size)
    t.ok((await decrypted(t.testdir({}), await encrypted(data))).equals(data), `${size} bytes`)
  }
})

t.test('another key, damage anywhere and truncation are findings', async (t) => {
  const folder = t.testdir({})
  const good = await encrypted(plain)
  const other = await readPublicKey((await officeKey(createdAt)).publicKey)
  const toOther = await buffer(encryptTo(Readable.from([plain]), other))
  t.same(await refusalOf(decrypted(folder, toOther)), ['encrypted-other-key'])
  const flipped = (at: number) => {
    const bytes = Buffer.from(good)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    return bytes
  }
  for (const at of [
    good.length - 1,
    good.length - 21,
    good.length - 30,
    good.length >> 1,
    2_000,
    250,
    220,
    200,
  ]) {
    t.same(await refusalOf(decrypted(folder, flipped(at))), ['encrypted-damaged'], `byte ${at}`)
  }
  for (const length of [0, 1, 50, 150, good.length >> 1, good.length - 1]) {
    const found = await refusalOf(decrypted(folder, good.subarray(0, length)))
    t.match(found.join(), /^encrypted-(damaged|other-key)$/, `cut to ${length}`)
  }
  t.same(await refusalOf(decrypted(folder, Buffer.concat([good, good]))), ['encrypted-damaged'], 'twice')
  t.same(await refusalOf(decrypted(folder, plain)), ['encrypted-damaged'], 'not encrypted at all')
  const bare = await createMessage({ binary: plain })
  t.match((await refusalOf(decrypted(folder, Buffer.from(bare.write() as Uint8Array)))).join(), /^encrypted-/)
  t.same(await readdir(folder), [], 'no file remains')
})

t.test('an error of the source is passed on', async (t) => {
  const scratch = await openSealedScratch(t.testdir({}))
  async function* failing() {
    yield (await encrypted(plain)).subarray(0, 5_000)
    throw new Error('the stick was pulled out')
  }
  const file = { path: 'data/rows.csv.pgp', bytes: 9_000, source: failing() }
  await t.rejects(decryptInto(scratch, file, opened, limits), /pulled out/)
  await scratch.erase()
})

t.test('inflation stops at the limit, tested on both sides', async (t) => {
  const folder = t.testdir({})
  const bomb = await encrypted(Buffer.alloc(6 << 20))
  t.ok(bomb.length < 30_000, `${bomb.length} bytes`)
  t.same(await refusalOf(decrypted(folder, bomb)), ['inflation'])
  t.equal((await decrypted(folder, bomb, { inflationMax: 10_000 })).length, 6 << 20)
  t.same(await refusalOf(decrypted(folder, bomb, { inflationMax: 10_000, bytesMax: (6 << 20) - 1 })), [
    'inflation',
  ])
  t.equal((await decrypted(folder, bomb, { inflationMax: 10_000, bytesMax: 6 << 20 })).length, 6 << 20)
})

t.test('the scratch file is unreadable, has no name and can be erased', async (t) => {
  const folder = t.testdir({ 'sealed-1-left-by-a-crash': 'noise', other: 'kept' })
  const scratch = await openSealedScratch(folder)
  const sealed = await scratch.write(Readable.from([plain]))
  if (process.platform !== 'win32') {
    t.same(await readdir(folder), ['other'], 'neither its own file nor one left by a crash')
    // The file can still be reached through our open file descriptors.
    const held: Buffer[] = []
    const open = '/proc/self/fd'
    for (const fd of await readdir(open).catch(() => [])) {
      const named = await readlink(join(open, fd)).catch(() => '')
      if (named.includes('sealed-')) held.push(await readFile(join(open, fd)))
    }
    if (process.platform === 'linux') t.ok((held[0]?.length ?? 0) > plain.length, 'the file is found there')
    t.notOk(held.some((bytes) => bytes.includes(marker)))
  }
  t.ok((await buffer(sealed.read())).equals(plain))
  await scratch.erase()
  await t.rejects(buffer(sealed.read()), 'it cannot be read afterwards')
})

t.test(
  'GnuPG encrypts for us in each of its modes, and reads what we encrypt',
  { skip: withoutGpg },
  async (t) => {
    const gpg = await openGpg(t)
    await gpg.import(service.publicKey)
    const file = join(gpg.folder, 'rows.csv')
    await writeFile(file, plain)
    const to = ['--trust-model', 'always', '--recipient', service.fingerprint]
    for (const way of ['zip', 'zlib', 'bzip2', 'none']) {
      await gpg.run(...to, '--compress-algo', way, '--output', `${file}.pgp`, '--encrypt', file)
      const bytes = await buffer(createReadStream(`${file}.pgp`))
      t.ok((await decrypted(t.testdir({}), bytes)).equals(plain), way)
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
      t.same(await refusalOf(decrypted(t.testdir({}), bytes)), ['encrypted-damaged'], `${way}: last byte`)
    }
    await gpg.run(...to, '--throw-keyids', '--output', `${file}.pgp`, '--encrypt', file)
    t.ok(
      (await decrypted(t.testdir({}), await readFile(`${file}.pgp`))).equals(plain),
      'to a hidden recipient',
    )

    await gpg.run(
      '--passphrase',
      '',
      '--quick-generate-key',
      'reader@example.org',
      'future-default',
      'default',
      '0',
    )
    const { stdout } = await gpg.run('--armor', '--export', 'reader@example.org')
    const theirs = await readPublicKey(stdout)
    await writeFile(`${file}.pgp`, await buffer(encryptTo(Readable.from([plain]), theirs)))
    await gpg.run('--output', `${file}.back`, '--decrypt', `${file}.pgp`)
    t.ok((await readFile(`${file}.back`)).equals(plain))
  },
)

t.test('a message encrypted with a password, or to no key, is rejected', async (t) => {
  const byPassword = await encrypt({
    message: await createMessage({ binary: plain }),
    passwords: 'secret',
    format: 'binary',
    config: { preferredCompressionAlgorithm: enums.compression.zlib },
  })
  t.same(await refusalOf(decrypted(t.testdir({}), Buffer.from(byPassword))), ['encrypted-other-key'])
})

t.test('a bag of encrypted and plain files reads as plain; closing it erases the plain text', async (t) => {
  const folder = t.testdir({})
  const files = {
    'data/a.csv.pgp': await encrypted(plain),
    'data/b.csv': Buffer.from('b'),
    'c.pgp': Buffer.from('c'),
  }
  t.ok(holdsEncrypted(bagOf(files)))
  t.notOk(holdsEncrypted(bagOf({ 'data/b.csv': Buffer.from('b'), 'c.pgp': Buffer.from('c') })))
  const bag = await decryptBag(bagOf(files), { key: opened, scratch: folder, limits })
  t.equal(bag.entries.find(({ path }) => path === 'data/a.csv.pgp')?.bytes, plain.length)
  for (const walk of [1, 2]) t.ok((await buffer(bag.read('data/a.csv.pgp'))).equals(plain), `walk ${walk}`)
  t.equal(String(await buffer(bag.read('data/b.csv'))), 'b')
  t.equal(String(await buffer(bag.read('c.pgp'))), 'c', 'only the payload is decrypted')
  await bag.close()
  await t.rejects(buffer(bag.read('data/a.csv.pgp')))
  // The limit applies to the bundle: both files together exceed it by one byte.
  const both = { 'data/a.csv.pgp': files['data/a.csv.pgp'], 'data/b.csv.pgp': files['data/a.csv.pgp'] }
  const least = { ...limits, bytesMax: 2 * plain.length }
  const taken = await decryptBag(bagOf(both), { key: opened, scratch: folder, limits: least })
  await taken.close()
  const less = { ...limits, bytesMax: 2 * plain.length - 1 }
  const refused = decryptBag(bagOf(both), { key: opened, scratch: folder, limits: less })
  t.same(await refusalOf(refused), ['inflation'])
})

t.test('rows about persons must be encrypted', async (t) => {
  const { fields, primaryKey } = contract
  const personal = contractsOf({ ...contract, intake: { personal: true, fields, primaryKey } })
  const purpose = { dataset: contract.dataset, edition: '2025', contractVersion: 2, provider: 'parks' }
  const digest = digestOf('x')
  const of = (path: string) => ({
    ...purpose,
    mode: 'full' as const,
    synthetic: true,
    files: [{ path, digest, bytes: 1, delimiter: ',' }],
  })
  const open = verifyManifest(of('data/rows.csv'), personal)
  t.match(open, [{ check: 'encryption-missing', severity: 'error', file: 'data/rows.csv' }])
  t.same(verifyManifest(of('data/rows.csv.pgp'), personal), [])
  t.match(verifyManifest({ ...of('data/rows.csv.pgp'), synthetic: false }, personal), [
    { check: 'synthetic-missing', severity: 'error' },
  ])
  t.same(verifyManifest(of('data/rows.csv'), contractsOf(contract)), [])
})
