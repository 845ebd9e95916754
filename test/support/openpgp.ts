/** OpenPGP for tests: keys of made-up offices, and GnuPG in a home of its own. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { generateKey, type KeyOptions, type PrivateKey, type PublicKey, revokeKey } from 'openpgp'
import { installed } from './tools.ts'

interface Test {
  readonly teardown: (work: () => Promise<void>) => unknown
}

interface KeyPair {
  readonly privateKey: PrivateKey
  readonly publicKey: PublicKey
}

export interface OfficeKey {
  readonly privateKey: string
  readonly publicKey: string
  readonly fingerprint: string
}

/** Creates the key pair of an office, in the older version that GnuPG 2.2 reads. */
export async function officeKey(
  at: Date,
  more: Partial<KeyOptions> = {},
): Promise<OfficeKey & { readonly pair: KeyPair }> {
  const pair = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: { name: 'Office', email: 'office@example.org' },
    date: at,
    ...more,
    format: 'object',
  })
  return { ...armored(pair), pair }
}

/** The public key of an office with the revocation issued by its holder. */
export async function revokedKey(
  { pair }: { readonly pair: KeyPair },
  at: Date,
  flag: number,
): Promise<string> {
  const { publicKey } = await revokeKey({
    key: pair.privateKey,
    reasonForRevocation: { flag },
    date: at,
    format: 'object',
  })
  return publicKey.armor()
}

function armored({ privateKey, publicKey }: KeyPair): OfficeKey {
  return {
    privateKey: privateKey.armor(),
    publicKey: publicKey.armor(),
    fingerprint: publicKey.getFingerprint().toUpperCase(),
  }
}

/** Why tests with GnuPG can't run here, or false. */
export const withoutGpg = installed('gpg') ? false : 'gpg is not installed'

export interface Gpg {
  readonly folder: string
  /** Runs gpg in batch mode; returns all its output. Throws if it fails. */
  readonly run: (...args: readonly string[]) => Promise<{ readonly stdout: string; readonly stderr: string }>
  readonly import: (armored: string) => Promise<void>
  /** Creates a key without a passphrase and returns its fingerprint. */
  readonly newKey: (address: string, algorithm?: string) => Promise<string>
}

/** GnuPG in a home of its own, which is removed when the test ends. */
export async function openGpg(t: Test): Promise<Gpg> {
  const folder = await mkdtemp(join(tmpdir(), 'qd-gpg-'))
  const environment = { ...process.env, GNUPGHOME: folder, LC_ALL: 'C' }
  const run: Gpg['run'] = (...args) =>
    promisify(execFile)('gpg', ['--batch', '--yes', '--no-tty', '--pinentry-mode', 'loopback', ...args], {
      env: environment,
      maxBuffer: 64 << 20,
    })
  t.teardown(async () => {
    await promisify(execFile)('gpgconf', ['--kill', 'all'], { env: environment })
    await rm(folder, { recursive: true, force: true })
  })
  return {
    folder,
    run,
    import: async (text) => {
      const file = join(folder, 'import.asc')
      await writeFile(file, text)
      await run('--import', file)
    },
    newKey: async (address, algorithm = 'ed25519') => {
      await run('--passphrase', '', '--quick-generate-key', address, algorithm, 'sign,cert', '0')
      const { stdout } = await run('--with-colons', '--list-keys', address)
      return /^fpr:+([0-9A-F]{40}):/m.exec(stdout)?.[1] ?? ''
    },
  }
}
