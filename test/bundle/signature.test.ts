/** Detached signatures: each reason to reject one, and interoperability with GnuPG. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createMessage, enums, readPrivateKey, type SignOptions, sign } from 'openpgp'
import t from 'tap'
import {
  checkSignatures,
  KeyFault,
  openPrivateKey,
  readPublicKey,
  readPublicKeys,
  signBytes,
} from '../../src/bundle/index.ts'
import { officeKey, openGpg, revokedKey, withoutGpg } from '../support/openpgp.ts'

const day = (text: string) => new Date(`2026-${text}T04:00:00Z`)
const bytes = Buffer.from('the list of what is in the bag\n')
const office = await officeKey(day('01-05'))
const publicKeys = await readPublicKeys(office.publicKey)
const opened = await openPrivateKey(office.privateKey)
const signed = await signBytes(bytes, opened.key, { at: day('02-01') })

/** The faults of a signature, or `good`. */
async function checked(
  text: string,
  keys = publicKeys,
  at = day('03-01'),
  over: Uint8Array = bytes,
): Promise<string> {
  const outcomes = await checkSignatures(over, text, keys, at)
  return outcomes.map((outcome) => (outcome.good ? 'good' : outcome.fault)).join(' ')
}

t.test('a signature by a known key is good, with its signer and time', async (t) => {
  t.same(await checkSignatures(bytes, signed, publicKeys, day('03-01')), [
    { good: true, fingerprint: office.fingerprint, signedAt: day('02-01') },
  ])
  t.equal(opened.fingerprint, office.fingerprint)
  const again = { at: day('02-01'), isRepeatable: true }
  t.equal(await signBytes(bytes, opened.key, again), await signBytes(bytes, opened.key, again))
  t.not(await signBytes(bytes, opened.key, { at: day('02-01') }), signed, 'with a salt it differs')
})

t.test('each reason for rejection has its name', async (t) => {
  t.equal(await checked(signed, publicKeys, day('03-01'), Buffer.from('other bytes\n')), 'wrong-bytes')
  t.equal(await checked(signed, []), 'unknown-key')
  const other = await officeKey(day('01-05'))
  t.equal(await checked(signed, await readPublicKeys(other.publicKey)), 'unknown-key')
  for (const text of [
    '',
    'no signature',
    signed.replace('SIGNATURE', 'MESSAGE'),
    signed.slice(0, 120),
    office.publicKey,
    `${signed}${' '.repeat(65_536)}`,
  ]) {
    t.equal(await checked(text), 'malformed', JSON.stringify(text.slice(0, 40)))
  }
})

t.test('a signature from before or after the validity of its key is rejected', async (t) => {
  const brief = await officeKey(day('01-05'), { keyExpirationTime: 30 * 86_400 })
  const keys = await readPublicKeys(brief.publicKey)
  t.same(keys[0]?.expiresAt, new Date(day('01-05').getTime() + 30 * 86_400_000))
  const { key } = await openPrivateKey(brief.privateKey)
  const within = await signBytes(bytes, key, { at: day('01-20') })
  t.equal(await checked(within, keys, day('01-21')), 'good')
  t.equal(await checked(within, keys, day('03-01')), 'expired-key', 'its key has expired since')
  t.equal(await checked(within, keys, day('01-06')), 'outside-validity', 'it is dated in the future')
  const ahead = (minutes: number) => new Date(day('01-20').getTime() - minutes * 60_000)
  t.equal(await checked(within, keys, ahead(60)), 'good', 'a clock may be an hour ahead')
  t.equal(await checked(within, keys, ahead(61)), 'outside-validity')
})

t.test('a revocation counts from its time on, a compromise always', async (t) => {
  const { keyRetired, keyCompromised } = enums.reasonForRevocation
  const retired = await readPublicKeys(await revokedKey(office, day('02-15'), keyRetired))
  t.equal(await checked(signed, retired, day('02-10')), 'good')
  t.equal(await checked(signed, retired, day('02-16')), 'revoked-key')
  const compromised = await readPublicKeys(await revokedKey(office, day('02-15'), keyCompromised))
  t.equal(await checked(signed, compromised, day('02-10')), 'revoked-key')
})

t.test('weak digests, weak keys and text signatures are rejected', async (t) => {
  const options = async (more: Partial<SignOptions>) => ({
    message: await createMessage({ binary: bytes }),
    signingKeys: await readPrivateKey({ armoredKey: office.privateKey }),
    detached: true,
    date: day('02-01'),
    ...more,
  })
  const byText = await sign({
    ...(await options({ message: await createMessage({ text: bytes.toString() }) })),
    format: 'armored',
  })
  t.equal(await checked(byText), 'malformed', 'line ends of a text may change')
  const critical = [{ name: 'a@example.org', value: Buffer.from('b'), humanReadable: true, critical: true }]
  const unknown = await sign({ ...(await options({ signatureNotations: critical })), format: 'armored' })
  t.equal(await checked(unknown), 'malformed', 'unknown critical subpackets are rejected')

  // The library signs with none of these; older software may.
  const config = { minRSABits: 1_024 }
  const small = await officeKey(day('01-05'), { type: 'rsa', rsaBits: 1_024, config })
  const bySmall = { signingKeys: small.pair.privateKey, config }
  const weak = await sign({ ...(await options(bySmall)), format: 'armored' })
  t.equal(await checked(weak, await readPublicKeys(small.publicKey)), 'weak')
  await t.rejects(readPublicKey(small.publicKey), new KeyFault('weak'))
  await t.rejects(openPrivateKey(small.privateKey), new KeyFault('weak'))
})

t.test('several signatures are verified one by one, up to a limit', async (t) => {
  const other = await officeKey(day('01-05'))
  const { key } = await openPrivateKey(other.privateKey)
  const pair = async (count: number) =>
    sign({
      message: await createMessage({ binary: bytes }),
      signingKeys: [opened.key, ...new Array<typeof key>(count - 1).fill(key)],
      detached: true,
      date: day('02-01'),
    })
  t.equal(await checked(await pair(2)), 'good unknown-key')
  t.equal((await checked(await pair(8))).split(' ').length, 8)
  t.equal(await checked(await pair(9)), 'malformed')
})

t.test('key files: the reason for rejection is reported, without quoting the file', async (t) => {
  const reasonOf = async (work: Promise<unknown>) =>
    work.then(
      () => 'none',
      (error: unknown) => (error instanceof KeyFault ? error.reason : String(error)),
    )
  const other = await officeKey(day('01-05'))
  t.equal(await reasonOf(readPublicKey(office.privateKey)), 'private')
  t.equal(await reasonOf(readPublicKeys(`${office.publicKey}\n${office.privateKey}`)), 'private')
  const disguised = office.privateKey.replaceAll('PRIVATE', 'PUBLIC')
  t.equal(
    await reasonOf(readPublicKeys(disguised)),
    'private',
    'a private key with the label of a public one',
  )
  t.equal(await reasonOf(readPublicKey('no key')), 'malformed')
  t.equal(await reasonOf(readPublicKey(office.publicKey.slice(0, 200))), 'malformed')
  t.equal(await reasonOf(readPublicKey(`${office.publicKey}\n${other.publicKey}`)), 'several')
  t.equal((await readPublicKeys(`${office.publicKey}\n${other.publicKey}`)).length, 2)
  t.equal(await reasonOf(readPublicKey(`${office.publicKey}${'\n'.repeat(1 << 20)}`)), 'too-long')
  t.equal(await reasonOf(openPrivateKey(office.publicKey)), 'public')
  t.equal(await reasonOf(openPrivateKey('no key')), 'malformed')
  const locked = await officeKey(day('01-05'), { passphrase: 'correct horse' })
  t.equal(await reasonOf(openPrivateKey(locked.privateKey)), 'passphrase-missing')
  t.equal(await reasonOf(openPrivateKey(locked.privateKey, async () => 'wrong')), 'passphrase-wrong')
  t.equal(await reasonOf(openPrivateKey(locked.privateKey, async () => 'correct horse')), 'none')
})

t.test('GnuPG verifies our signatures, and we verify its', { skip: withoutGpg }, async (t) => {
  const gpg = await openGpg(t)
  await gpg.import(office.publicKey)
  const [file, asc] = [join(gpg.folder, 'bytes.txt'), join(gpg.folder, 'bytes.txt.asc')]
  await writeFile(file, bytes)
  await writeFile(asc, signed)
  const { stderr } = await gpg.run('--verify', asc, file)
  t.match(stderr, /Good signature from "Office/)
  await writeFile(file, 'other bytes\n')
  await t.rejects(gpg.run('--verify', asc, file), /BAD signature/)

  await writeFile(file, bytes)
  for (const algorithm of ['ed25519', 'rsa3072']) {
    const fingerprint = await gpg.newKey(`${algorithm}@example.org`, algorithm)
    await gpg.run('--armor', '--local-user', fingerprint, '--detach-sign', file)
    const { stdout } = await gpg.run('--armor', '--export', fingerprint)
    const theirs = await readPublicKeys(stdout)
    const [outcome] = await checkSignatures(bytes, await readFile(asc, 'utf8'), theirs, new Date())
    t.match(outcome, { good: true, fingerprint }, algorithm)
    await gpg.run('--armor', '--local-user', fingerprint, '--digest-algo', 'SHA1', '--detach-sign', file)
    t.equal(await checked(await readFile(asc, 'utf8'), theirs, new Date()), 'weak', `${algorithm} over SHA-1`)
  }
})
