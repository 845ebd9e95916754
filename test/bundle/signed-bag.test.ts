/** The signature of a bag: what it covers, what it does not, and interoperability with other tools. */
import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import {
  checkBagSignature,
  openBag,
  openPrivateKey,
  readPublicKeys,
  signatureFinding,
  signaturePath,
  signBag,
} from '../../src/bundle/index.ts'
import { checksOf, goodFile, limits, verifyAt, writeBag } from '../support/bundle-fixture.ts'
import { officeKey, openGpg, withoutGpg } from '../support/openpgp.ts'

const at = new Date('2026-02-01T04:00:00Z')
const later = new Date('2026-03-01T04:00:00Z')
const office = await officeKey(new Date('2026-01-05T04:00:00Z'))
const keys = await readPublicKeys(office.publicKey)
const tagManifest = 'tagmanifest-sha256.txt'

/** The result for the signature of a bag's folder: `good`, `unsigned`, or the checks. */
async function judged(folder: string, known = keys, moment = later): Promise<readonly string[]> {
  const bag = await openBag(folder, 'folder', limits)
  try {
    const signature = await checkBagSignature(bag, known, moment)
    if (signature.state === 'unsigned') return ['unsigned']
    if (signature.state === 'void') return checksOf(signature.findings)
    return signature.outcomes.map((outcome) => signatureFinding(outcome)?.check ?? 'good')
  } finally {
    await bag.close()
  }
}

async function signedBag(folder: string): Promise<string> {
  const bag = await writeBag(join(folder, 'bag'), [goodFile])
  await signBag(bag, await openPrivateKey(office.privateKey), { at })
  return bag
}

t.test('a signed bag is valid, and its signature covers all of it', async (t) => {
  const bag = await signedBag(t.testdir({}))
  t.same(checksOf((await verifyAt(bag, 'folder')).findings), [])
  t.same(await judged(bag), ['good'])
  t.same(await judged(bag, []), ['signature-unknown-key'])
  await t.rejects(
    signBag(bag, await openPrivateKey(office.privateKey), { at }),
    /EEXIST/,
    'never overwritten',
  )
  const text = await readFile(join(bag, tagManifest), 'utf8')
  await writeFile(join(bag, tagManifest), `${text}\n`)
  t.same(await judged(bag), ['signature-wrong'])
  await rm(join(bag, signaturePath))
  t.same(await judged(bag), ['unsigned'])
})

t.test('a signature that does not cover the data is rejected', async (t) => {
  for (const file of ['manifest-sha256.txt', 'datapackage.json', 'bag-info.txt', 'bagit.txt']) {
    const bag = await signedBag(t.testdir({}))
    const lines = (await readFile(join(bag, tagManifest), 'utf8')).split('\n')
    await writeFile(join(bag, tagManifest), lines.filter((line) => !line.endsWith(`  ${file}`)).join('\n'))
    t.same(await judged(bag), ['signature-partial'], file)
  }
  const bag = await signedBag(t.testdir({}))
  await rm(join(bag, tagManifest))
  t.same(await judged(bag), ['signature-partial'], 'no tag manifest')
})

t.test('a signature file of any size and kind is reported, and never read whole', async (t) => {
  const bag = await signedBag(t.testdir({}))
  for (const text of ['', 'x', '\u0000'.repeat(100), 'x'.repeat(65_537), 'x'.repeat(5_000_000)]) {
    await writeFile(join(bag, signaturePath), text)
    t.same(await judged(bag), ['signature-malformed'], `${text.length} bytes`)
  }
})

t.test(
  'GnuPG verifies our signed bag, and we verify one signed by GnuPG',
  { skip: withoutGpg },
  async (t) => {
    const gpg = await openGpg(t)
    const bag = await signedBag(t.testdir({}))
    await gpg.import(office.publicKey)
    const { stderr } = await gpg.run('--verify', join(bag, signaturePath), join(bag, tagManifest))
    t.match(stderr, /Good signature from "Office/)
    await promisify(execFile)('sha256sum', ['-c', tagManifest], { cwd: bag })

    await rm(join(bag, signaturePath))
    const fingerprint = await gpg.newKey('district@example.org')
    await gpg.run('--armor', '--local-user', fingerprint, '--detach-sign', join(bag, tagManifest))
    const { stdout } = await gpg.run('--armor', '--export', fingerprint)
    t.same(await judged(bag, await readPublicKeys(stdout), new Date()), ['good'])
    t.same(checksOf((await verifyAt(bag, 'folder')).findings), [])
  },
)
