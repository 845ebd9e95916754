/**
 * The service's own OpenPGP key signs receipts and bags, and personal rows are encrypted to it. It is created
 * once, by one process at a time, in `keys/service.asc` of the data folder, readable by the service's account
 * only. A file that others can read is refused.
 */
import { join, resolve } from 'node:path'
import type { Config } from '../platform/config.ts'
import { readSecretFile, writeSecretFileOnce } from '../platform/secret-file.ts'
import type { Clock } from '../platform/time.ts'

interface ServiceKey {
  /** In upper-case hexadecimal digits, as GnuPG shows it. */
  readonly fingerprint: string
  /** Armoured, for publication. */
  readonly publicKey: string
  /** Armoured, without a passphrase: it decrypts everything that was encrypted to the service. */
  readonly privateKey: string
}

interface ServiceKeyContext {
  readonly config: Pick<Config, 'QINGDAN_DATA'>
  readonly clock: Clock
}

/** Loads the service's key, or creates it. Throws a plain Error where others can read the file. */
export async function loadServiceKey({ config, clock }: ServiceKeyContext): Promise<ServiceKey> {
  const path = keyPath({ config })
  const existing = await readKeyFile(path)
  if (existing !== undefined) return existing
  await writeSecretFileOnce(path, await makeKey(clock()))
  const created = await readKeyFile(path)
  if (created === undefined) throw new Error(`The service's key ${path} was removed while it was created.`)
  return created
}

/** As loadServiceKey, but undefined where no key was created yet. */
export function findServiceKey(context: Pick<ServiceKeyContext, 'config'>): Promise<ServiceKey | undefined> {
  return readKeyFile(keyPath(context))
}

function keyPath({ config }: Pick<ServiceKeyContext, 'config'>): string {
  return join(resolve(config.QINGDAN_DATA), 'keys', 'service.asc')
}

/**
 * A version 4 key with the older identifiers of Ed25519 and Curve25519, because GnuPG 2.2, common in offices,
 * supports no other. It has no passphrase: whoever can read the key could read a passphrase stored beside it.
 */
async function makeKey(at: Date): Promise<string> {
  const { generateKey } = await import('openpgp')
  const { privateKey, publicKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: { name: 'Qingdan service' },
    date: at,
    format: 'object',
  })
  // The public half comes first, so that publishing it does not require reading the private half.
  return [
    `Fingerprint: ${publicKey.getFingerprint().toUpperCase()}`,
    publicKey.armor(),
    privateKey.armor(),
  ].join('\n')
}

async function readKeyFile(path: string): Promise<ServiceKey | undefined> {
  const text = await readSecretFile(path)
  if (text === undefined) return undefined
  const fingerprint = /^Fingerprint: ([0-9A-F]{40})$/m.exec(text)?.[1]
  const [publicKey, privateKey] = [blockOf(text, 'PUBLIC'), blockOf(text, 'PRIVATE')]
  if (fingerprint === undefined || publicKey === undefined || privateKey === undefined) {
    throw new Error(`The service's key ${path} is damaged. Restore it from a backup.`)
  }
  return { fingerprint, publicKey, privateKey }
}

function blockOf(text: string, kind: 'PUBLIC' | 'PRIVATE'): string | undefined {
  const form = new RegExp(
    `^-----BEGIN PGP ${kind} KEY BLOCK-----[\\s\\S]*?^-----END PGP ${kind} KEY BLOCK-----$`,
    'm',
  )
  const [block] = form.exec(text) ?? []
  return block === undefined ? undefined : `${block}\n`
}
