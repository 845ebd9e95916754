/**
 * Detached OpenPGP signatures (RFC 9580, section 10.4) over bytes: created with a given private key, and
 * verified against public keys at a given time. An invalid signature or unfit key is returned as a reason,
 * never thrown. Rejects text signatures, whose line ends may change, and digests that can be forged.
 */

import type { enums, Key, PrivateKey, SignaturePacket, Subkey } from 'openpgp'
import { defined } from '../../../platform/defined.ts'
import { fingerprintOf, isWeak, type PublicKeyFile } from './keys.ts'

/** Why a signature is not valid. */
export type SignatureFault =
  | 'malformed'
  | 'weak'
  | 'unknown-key'
  | 'wrong-bytes'
  | 'revoked-key'
  | 'expired-key'
  | 'outside-validity'

export type SignatureOutcome =
  | { readonly good: true; readonly fingerprint: string; readonly signedAt: Date }
  | {
      readonly good: false
      readonly fault: SignatureFault
      /** Of the primary key, if it is known. */
      readonly fingerprint?: string
      /** The key id in the signature, 16 hexadecimal digits; it proves nothing. */
      readonly keyId?: string
      readonly signedAt?: Date
    }

export interface SignOptions {
  readonly at: Date
  /** Makes the signature deterministic; without it a random salt is included. */
  readonly isRepeatable?: boolean
}

/** Signatures allowed in one file: some offices sign in pairs, and more are of no use. */
const signaturesMax = 8

/** An RSA 4096 signature has 800 bytes; the limit leaves space for several and for armour comments. */
export const signatureBytesMax = 64 << 10

/** How far a signer's clock may be ahead of the receiver's: offline machines drift by minutes, not days. */
const clockAheadMilliseconds = 3_600_000

/** Signs bytes as `gpg --armor --detach-sign` does. The key must be unlocked. */
export async function signBytes(bytes: Uint8Array, key: PrivateKey, options: SignOptions): Promise<string> {
  const { createMessage, sign } = await import('openpgp')
  return await sign({
    message: await createMessage({ binary: bytes }),
    signingKeys: key,
    detached: true,
    date: options.at,
    config: { nonDeterministicSignaturesViaNotation: options.isRepeatable !== true },
  })
}

/**
 * Verifies a detached signature over bytes at the time they were received. Returns one outcome for each
 * signature in the text, at least one; the caller decides whether one good signature is enough.
 */
export async function checkSignatures(
  bytes: Uint8Array,
  armored: string,
  keys: readonly PublicKeyFile[],
  at: Date,
): Promise<readonly SignatureOutcome[]> {
  const packets = await signaturesIn(armored)
  if (packets === undefined) return [{ good: false, fault: 'malformed' }]
  const outcomes: SignatureOutcome[] = []
  for (const packet of packets) outcomes.push(await checkOne(bytes, packet, keys, at))
  return outcomes
}

async function signaturesIn(armored: string): Promise<readonly SignaturePacket[] | undefined> {
  if (Buffer.byteLength(armored) > signatureBytesMax) return undefined
  const { readSignature } = await import('openpgp')
  try {
    const { packets } = await readSignature({
      armoredSignature: armored,
      config: { ignoreUnsupportedPackets: false },
    })
    return packets.length === 0 || packets.length > signaturesMax ? undefined : [...packets]
  } catch {
    // The library throws plain Errors for any unreadable input; all of them mean the same here.
    return undefined
  }
}

async function checkOne(
  bytes: Uint8Array,
  packet: SignaturePacket,
  keys: readonly PublicKeyFile[],
  at: Date,
): Promise<SignatureOutcome> {
  const { created: signedAt, issuerKeyID } = packet
  const named = { keyId: issuerKeyID.toHex().toUpperCase(), ...(signedAt === null ? {} : { signedAt }) }
  const bad = (fault: SignatureFault, fingerprint?: string): SignatureOutcome => ({
    good: false,
    fault,
    ...defined({ fingerprint }),
    ...named,
  })
  const { enums } = await import('openpgp')
  if (signedAt === null || !isOverBytes(packet, enums)) return bad('malformed')
  if (!strongHashes(enums).has(packet.hashAlgorithm ?? 0)) return bad('weak')
  // Two keys may share a 64-bit key id, so the signer's key is the one that verifies the signature.
  let wrong: string | undefined
  for (const { key } of keys) {
    const [part] = key.getKeys(issuerKeyID)
    if (part === undefined) continue
    const fingerprint = fingerprintOf(key)
    if (!(await isBy(part, packet, bytes))) wrong ??= fingerprint
    else {
      const fault = await keyFault(key, part, packet, signedAt, at)
      return fault === undefined ? { good: true, fingerprint, signedAt } : bad(fault, fingerprint)
    }
  }
  return wrong === undefined ? bad('unknown-key') : bad('wrong-bytes', wrong)
}

/** Numbers of the standard; the library is loaded on first use. */
type Enums = typeof enums

/** RFC 9580, 5.2.1.1: type 0x00 is a signature of a binary document; "critical" parts must be understood. */
function isOverBytes(packet: SignaturePacket, { signature }: Enums): boolean {
  if (packet.signatureType !== signature.binary) return false
  return !packet.unknownSubpackets.some(({ critical }) => critical) && !packet.rawNotations.some(isCritical)
}

const isCritical = ({ critical }: { readonly critical: boolean }) => critical

/** RFC 9580, 9.5: MD5, SHA-1 and RIPEMD-160 must not sign; the 224-bit digests have no benefit. */
const strongHashes = ({ hash }: Enums): ReadonlySet<number> =>
  new Set([hash.sha256, hash.sha384, hash.sha512, hash.sha3_256, hash.sha3_512])

async function isBy(part: Key | Subkey, packet: SignaturePacket, bytes: Uint8Array): Promise<boolean> {
  const { createMessage, enums } = await import('openpgp')
  const message = await createMessage({ binary: bytes })
  const [literal] = message.packets.filterByTag(enums.packet.literalData)
  if (literal === undefined) throw new Error('a message of bytes has no literal data')
  try {
    // No date: validity at the given time is checked separately, so that each reason has its own name. The
    // library accepts null for "no date", though its types do not.
    await packet.verify(part.keyPacket, enums.signature.binary, literal, null as unknown as Date, true)
    return true
  } catch {
    return false
  }
}

/** What is wrong with the key that made the signature, judging by its own packets. */
async function keyFault(
  key: Key,
  part: Key | Subkey,
  packet: SignaturePacket,
  signedAt: Date,
  at: Date,
): Promise<SignatureFault | undefined> {
  if (isWeak(part)) return 'weak'
  const moment = at < signedAt ? signedAt : at
  if (await isRevoked(key, part, moment)) return 'revoked-key'
  const ends = await endsOf(key, part, moment)
  const begins = Math.max(key.getCreationTime().getTime(), part.getCreationTime().getTime())
  const ahead = signedAt.getTime() - at.getTime() > clockAheadMilliseconds
  if (ahead || signedAt.getTime() < begins || signedAt.getTime() >= ends) return 'outside-validity'
  if (moment.getTime() >= ends || packet.getExpirationTime().valueOf() <= moment.getTime())
    return 'expired-key'
  try {
    // Checks bindings, flags and cross-signature: whether this subkey may sign.
    await key.getSigningKey(part.getKeyID(), moment)
    return undefined
  } catch {
    return 'outside-validity'
  }
}

async function isRevoked(key: Key, part: Key | Subkey, at: Date): Promise<boolean> {
  if (await key.isRevoked(undefined, undefined, at)) return true
  if (!('bindingSignatures' in part)) return false
  for (const binding of part.bindingSignatures) {
    if (await part.isRevoked(binding, key.keyPacket, at)) return true
  }
  return false
}

/** When the key and subkey expire, in milliseconds; infinite if never. */
async function endsOf(key: Key, part: Key | Subkey, at: Date): Promise<number> {
  const own = 'bindingSignatures' in part ? await part.getExpirationTime(at) : Number.POSITIVE_INFINITY
  const whole = await key.getExpirationTime()
  return Math.min(Number(own ?? Number.POSITIVE_INFINITY), Number(whole ?? Number.POSITIVE_INFINITY))
}
