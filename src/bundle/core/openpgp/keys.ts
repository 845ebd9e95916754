/**
 * OpenPGP key files: armoured public keys, and a private key unlocked with its passphrase. Throws KeyFault
 * with a reason for anything else, for a private key in place of a public one, and for weak keys.
 */
import type { Key, PrivateKey, PublicKey, Subkey } from 'openpgp'

type KeyFaultReason =
  | 'malformed'
  | 'private'
  | 'public'
  | 'several'
  | 'weak'
  | 'too-long'
  | 'passphrase-missing'
  | 'passphrase-wrong'

/** A key file that was rejected. The message says what to do, and quotes nothing of the file. */
export class KeyFault extends Error {
  override readonly name = 'KeyFault'
  readonly reason: KeyFaultReason

  constructor(reason: KeyFaultReason) {
    super(sentences[reason])
    this.reason = reason
  }
}

const sentences: Readonly<Record<KeyFaultReason, string>> = {
  malformed: 'This is not an OpenPGP key in ASCII armour. Export the key: gpg --armor --export <address>.',
  private:
    'This file contains a private key, which must not be shared. It was not stored. ' +
    'Export the public key: gpg --armor --export <address>.',
  public:
    'This file contains a public key, but a private key is needed: gpg --armor --export-secret-keys <address>.',
  several: 'This file contains several keys. Use one file per key.',
  weak: 'This key is too weak; use Ed25519, a NIST curve or RSA of at least 2048 bits.',
  'too-long': 'This file is too long for a key.',
  'passphrase-missing': 'The private key is protected; enter its passphrase.',
  'passphrase-wrong': 'The passphrase does not unlock the private key.',
}

export interface PublicKeyFile {
  /** Of the primary key, in upper-case hexadecimal digits, as GnuPG shows it. */
  readonly fingerprint: string
  /** Names and addresses in the key. */
  readonly userIds: readonly string[]
  readonly createdAt: Date
  /** When the key expires; absent if never. */
  readonly expiresAt?: Date
  readonly armored: string
  readonly key: PublicKey
}

export interface PrivateKeyFile {
  readonly fingerprint: string
  readonly createdAt: Date
  /** The public half, to publish. */
  readonly publicArmored: string
  /** Unlocked: it can sign and decrypt. */
  readonly key: PrivateKey
}

/** A key with many certifications has some tens of kilobytes; several keys in one file a few more. */
export const keyFileBytesMax = 1 << 20

/** Reads the public keys of an armoured text. Throws KeyFault; one private key among them rejects all. */
export async function readPublicKeys(armored: string): Promise<readonly PublicKeyFile[]> {
  const keys = await readAll(armored)
  return await Promise.all(keys.map(publicFile))
}

/** Reads one public key. Throws KeyFault, also if there are several or the key may not sign. */
export async function readPublicKey(armored: string): Promise<PublicKeyFile> {
  const [file, ...more] = await readPublicKeys(armored)
  if (file === undefined) throw new KeyFault('malformed')
  if (more.length > 0) throw new KeyFault('several')
  if (isWeak(file.key)) throw new KeyFault('weak')
  return file
}

/** Unlocks a private key. `passphrase` is called only if the key is protected. Throws KeyFault. */
export async function openPrivateKey(
  armored: string,
  passphrase: () => Promise<string | undefined> = async () => undefined,
): Promise<PrivateKeyFile> {
  if (Buffer.byteLength(armored) > keyFileBytesMax) throw new KeyFault('too-long')
  if (/^-----BEGIN PGP PUBLIC KEY BLOCK-----/m.test(armored)) throw new KeyFault('public')
  const { readPrivateKeys } = await import('openpgp')
  const [locked, ...more] = await readPrivateKeys({ armoredKeys: armored }).catch(malformed)
  if (locked === undefined) throw new KeyFault('malformed')
  if (more.length > 0) throw new KeyFault('several')
  if (isWeak(locked)) throw new KeyFault('weak')
  const key = await openLocked(locked, passphrase)
  return {
    fingerprint: fingerprintOf(key),
    createdAt: key.getCreationTime(),
    publicArmored: key.toPublic().armor(),
    key,
  }
}

async function openLocked(
  locked: PrivateKey,
  passphrase: () => Promise<string | undefined>,
): Promise<PrivateKey> {
  if (locked.isDecrypted()) return locked
  const entered = await passphrase()
  if (entered === undefined) throw new KeyFault('passphrase-missing')
  const { decryptKey } = await import('openpgp')
  return await decryptKey({ privateKey: locked, passphrase: entered }).catch(() => {
    throw new KeyFault('passphrase-wrong')
  })
}

async function readAll(armored: string): Promise<readonly PublicKey[]> {
  if (Buffer.byteLength(armored) > keyFileBytesMax) throw new KeyFault('too-long')
  // Checked before parsing: a private key should not even be parsed here.
  if (/^-----BEGIN PGP PRIVATE KEY BLOCK-----/m.test(armored)) throw new KeyFault('private')
  const blocks = armored.match(
    /^-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]*?^-----END PGP PUBLIC KEY BLOCK-----/gm,
  )
  if (blocks === null) throw new KeyFault('malformed')
  const { readKeys } = await import('openpgp')
  const keys: Key[] = []
  for (const block of blocks) keys.push(...(await readKeys({ armoredKeys: block }).catch(malformed)))
  if (keys.some((key) => key.isPrivate())) throw new KeyFault('private')
  if (keys.length === 0) throw new KeyFault('malformed')
  return keys
}

function malformed(): never {
  throw new KeyFault('malformed')
}

async function publicFile(key: PublicKey): Promise<PublicKeyFile> {
  const ends = await key.getExpirationTime()
  return {
    fingerprint: fingerprintOf(key),
    userIds: key.getUserIDs(),
    createdAt: key.getCreationTime(),
    ...(ends instanceof Date ? { expiresAt: ends } : {}),
    armored: key.armor(),
    key,
  }
}

/** The fingerprint as GnuPG shows it, without its spaces. */
export function fingerprintOf(key: Key | Subkey): string {
  return key.getFingerprint().toUpperCase()
}

/** RFC 9580, 9.1: RSA below 2048 bits, DSA and Elgamal are deprecated. */
export function isWeak(key: Key | Subkey): boolean {
  const { algorithm, bits, curve } = key.getAlgorithmInfo()
  if (weakAlgorithms.has(algorithm)) return true
  return (bits !== undefined && bits < 2_047) || curve === 'secp256k1'
}

const weakAlgorithms: ReadonlySet<string> = new Set(['dsa', 'elgamal', 'rsaEncrypt'])
