/** The service's own key: created once, readable by its account only, usable in GnuPG. */
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadServiceKey } from '../../src/accounts/index.ts'
import { checkSignatures, openPrivateKey, readPublicKeys, signBytes } from '../../src/bundle/index.ts'
import { openGpg, withoutGpg } from '../support/openpgp.ts'

const at = new Date('2026-03-01T04:00:00Z')
const context = (folder: string) => ({ config: { QINGDAN_DATA: folder }, clock: () => at })

t.test('concurrent calls create one key', async (t) => {
  const folder = t.testdir({})
  const keys = await Promise.all(Array.from({ length: 6 }, () => loadServiceKey(context(folder))))
  t.equal(new Set(keys.map(({ fingerprint }) => fingerprint)).size, 1)
  t.same(await loadServiceKey(context(folder)), keys[0])
  t.same(await readdir(join(folder, 'keys')), ['service.asc'], 'no temporary file remains')
  if (process.platform !== 'win32')
    t.equal((await stat(join(folder, 'keys', 'service.asc'))).mode & 0o777, 0o600)
  const [first] = keys
  if (first === undefined) throw new Error('no key')
  const opened = await openPrivateKey(first.privateKey)
  t.equal(opened.fingerprint, first.fingerprint)
  const signature = await signBytes(Buffer.from('a receipt'), opened.key, { at })
  const [outcome] = await checkSignatures(
    Buffer.from('a receipt'),
    signature,
    await readPublicKeys(first.publicKey),
    at,
  )
  t.match(outcome, { good: true, fingerprint: first.fingerprint })
})

t.test('a key that others can read, or that is damaged, is refused', async (t) => {
  const folder = t.testdir({})
  await loadServiceKey(context(folder))
  const file = join(folder, 'keys', 'service.asc')
  if (process.platform !== 'win32') {
    await chmod(file, 0o644)
    await t.rejects(loadServiceKey(context(folder)), /chmod 600/)
    await chmod(file, 0o600)
  }
  await writeFile(file, (await readFile(file, 'utf8')).slice(0, 300))
  await t.rejects(loadServiceKey(context(folder)), /from a backup/)
})

t.test('GnuPG imports it and verifies its signatures', { skip: withoutGpg }, async (t) => {
  const { publicKey, privateKey, fingerprint } = await loadServiceKey(context(t.testdir({})))
  const gpg = await openGpg(t)
  await gpg.import(publicKey)
  t.match((await gpg.run('--with-colons', '--list-keys')).stdout, new RegExp(`^fpr:+${fingerprint}:`, 'm'))
  const { key } = await openPrivateKey(privateKey)
  const file = join(gpg.folder, 'receipt.json')
  await writeFile(file, '{}')
  await writeFile(`${file}.asc`, await signBytes(Buffer.from('{}'), key, { at }))
  t.match((await gpg.run('--verify', `${file}.asc`, file)).stderr, /Good signature from "Qingdan service"/)
})
