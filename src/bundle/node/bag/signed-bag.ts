/**
 * The detached signature of a bag, over its tag manifest, which covers the manifest, which covers the
 * payload. Its file `tagmanifest-sha256.txt.asc` is in no manifest, since it cannot cover itself. Rejects a
 * signed bag whose tag manifest omits a file that describes the bundle: such a signature proves nothing.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Finding } from '../../../platform/finding.ts'
import { type Bag, readWhole } from '../../core/bag/bag.ts'
import { descriptorPath } from '../../core/bag/descriptor.ts'
import { parseManifest } from '../../core/bag/manifest-file.ts'
import { type BundleCheck, faultAt } from '../../core/findings/checks.ts'
import type { PrivateKeyFile, PublicKeyFile } from '../../core/openpgp/keys.ts'
import {
  checkSignatures,
  type SignatureFault,
  type SignatureOutcome,
  type SignOptions,
  signatureBytesMax,
  signBytes,
} from '../../core/openpgp/signature.ts'

const signedPath = 'tagmanifest-sha256.txt'
export const signaturePath = `${signedPath}.asc`

/** Files that the tag manifest must name, so that the signature covers the payload and its description. */
const covered = ['manifest-sha256.txt', descriptorPath]
const coveredIfThere = ['bag-info.txt', 'bagit.txt']

/** Longest tag manifest that is read: it names a handful of files. */
const signedBytesMax = 1 << 20

type BagSignature =
  | { readonly state: 'unsigned' }
  /** The signature cannot be verified; the findings say why. */
  | { readonly state: 'void'; readonly findings: readonly Finding[] }
  /** One outcome for each signature, at least one. */
  | { readonly state: 'signed'; readonly outcomes: readonly SignatureOutcome[] }

/** Signs the folder of a new bag. Throws the file system's error if a signature exists already. */
export async function signBag(folder: string, { key }: PrivateKeyFile, options: SignOptions): Promise<void> {
  const bytes = await readFile(join(folder, signedPath))
  await writeFile(join(folder, signaturePath), await signBytes(bytes, key, options), { flag: 'wx' })
}

/**
 * Verifies the signature of a verified bag: its digests must have been compared, or the signed text would
 * prove nothing about the files. Throws BundleRefusal if a file is unreadable.
 */
export async function checkBagSignature(
  bag: Bag,
  keys: readonly PublicKeyFile[],
  at: Date,
): Promise<BagSignature> {
  if (!holds(bag, signaturePath)) return { state: 'unsigned' }
  const armored = await readWhole(bag, signaturePath, signatureBytesMax)
  if (armored === undefined) return voidBy('signature-malformed')
  const signed = holds(bag, signedPath) ? await readWhole(bag, signedPath, signedBytesMax) : undefined
  if (signed === undefined) return voidBy('signature-partial')
  const { digests } = parseManifest(signedPath, signed.toString('utf8'), (path) => !path.startsWith('data/'))
  const needed = [...covered, ...coveredIfThere.filter((path) => holds(bag, path))]
  if (!needed.every((path) => digests.has(path))) return voidBy('signature-partial')
  return { state: 'signed', outcomes: await checkSignatures(signed, armored.toString('utf8'), keys, at) }
}

function holds(bag: Bag, path: string): boolean {
  return bag.entries.some((entry) => entry.path === path)
}

function voidBy(check: BundleCheck): BagSignature {
  return { state: 'void', findings: [faultAt(check, { file: signaturePath })] }
}

/** The finding that explains why a signature is not valid; undefined for a good one. */
export function signatureFinding(outcome: SignatureOutcome): Finding | undefined {
  if (outcome.good) return undefined
  const { fault, fingerprint, keyId } = outcome
  const key = fingerprint ?? keyId
  const namesKey = fault !== 'malformed' && key !== undefined
  return faultAt(checkOf[fault], { file: signaturePath, ...(namesKey ? { expected: `OpenPGP ${key}` } : {}) })
}

const checkOf: Readonly<Record<SignatureFault, BundleCheck>> = {
  malformed: 'signature-malformed',
  weak: 'signature-weak',
  'unknown-key': 'signature-unknown-key',
  'wrong-bytes': 'signature-wrong',
  'revoked-key': 'signature-revoked',
  'expired-key': 'signature-expired',
  'outside-validity': 'signature-expired',
}
