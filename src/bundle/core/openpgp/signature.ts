/**
 * Detached OpenPGP signatures (RFC 9580, section 10.4) over bytes: made with a private key that is handed in, and checked
 * against public keys at a moment. Whatever is not a good signature by a fit key comes back as a reason, never as an error;
 * it refuses signatures over text, whose line ends may change, and digests that can be forged.
 */
import {
  createMessage,
  enums,
  type Key,
  type PrivateKey,
  readSignature,
  type SignaturePacket,
  type Subkey,
  sign,
} from 'openpgp'
import { fingerprintOf, isWeak, type PublicKeyFile } from './keys.ts'

/** Why a signature proves nothing. */
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
      /** Of the primary key, where one is known. */
      readonly fingerprint?: string
      /** 16 hexadecimal digits, as the signature names its key; it proves nothing. */
      readonly keyId?: string
      readonly signedAt?: Date
    }

export interface SignOptions {
  readonly at: Date
  /** The same bytes, key and moment give the same signature; without it a random salt is signed along. */
  readonly isRepeatable?: boolean
}

/** Signatures that one file may hold: some offices sign in pairs, and more are no help to anyone. */
export const signaturesMax = 8

/** A signature of RSA 4096 has 800 bytes; the rest is room for several, and for comments in the armour. */
export const signatureBytesMax = 64 << 10

/** How far a signer's clock may be ahead of ours: a machine without a network drifts by minutes, not by days. */
const clockAheadMilliseconds = 3_600_000

/** Signs bytes: an armoured detached signature, as `gpg --armor --detach-sign` makes it. The key must be open. */
export async function signBytes(bytes: Uint8Array, key: PrivateKey, options: SignOptions): Promise<string> {
  return await sign({
    message: await createMessage({ binary: bytes }),
    signingKeys: key,
    detached: true,
    date: options.at,
    config: { nonDeterministicSignaturesViaNotation: options.isRepeatable !== true },
  })
}

/**
 * Checks a detached signature over bytes at the moment they were received. One outcome for each signature that the text
 * holds, at least one; whether one good one is enough is the caller's to say.
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
  try {
    const { packets } = await readSignature({
      armoredSignature: armored,
      config: { ignoreUnsupportedPackets: false },
    })
    return packets.length === 0 || packets.length > signaturesMax ? undefined : [...packets]
  } catch {
    // The library throws plain Errors for whatever it can't read: all of it is theirs, and means one thing.
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
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...named,
  })
  if (signedAt === null || !isOverBytes(packet)) return bad('malformed')
  if (!strongHashes.has(packet.hashAlgorithm ?? 0)) return bad('weak')
  // Key ids have 64 bits and two keys may share one: a key counts as the signer's once its arithmetic fits.
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

/** RFC 9580, 5.2.1.1: type 0x00 is a signature of a binary document; and "critical" parts must be understood. */
function isOverBytes(packet: SignaturePacket): boolean {
  if (packet.signatureType !== enums.signature.binary) return false
  return !packet.unknownSubpackets.some(({ critical }) => critical) && !packet.rawNotations.some(isCritical)
}

const isCritical = ({ critical }: { readonly critical: boolean }) => critical

/** RFC 9580, 9.5: MD5, SHA-1 and RIPEMD-160 must not sign; the 224 bits of the others are no gain to anyone. */
const strongHashes: ReadonlySet<number> = new Set([
  enums.hash.sha256,
  enums.hash.sha384,
  enums.hash.sha512,
  enums.hash.sha3_256,
  enums.hash.sha3_512,
])

async function isBy(part: Key | Subkey, packet: SignaturePacket, bytes: Uint8Array): Promise<boolean> {
  const message = await createMessage({ binary: bytes })
  const [literal] = message.packets.filterByTag(enums.packet.literalData)
  if (literal === undefined) throw new Error('a message of bytes has no literal data')
  try {
    // Without a date: what the moment means is asked apart, so that each reason has its name. A null is what the
    // library takes for that, though its types have only dates.
    await packet.verify(part.keyPacket, enums.signature.binary, literal, null as unknown as Date, true)
    return true
  } catch {
    return false
  }
}

/** What is wrong with a key that did sign these bytes, as far as its own packets tell. */
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
    // Bindings, flags, cross-signature: whether this part may sign at all.
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

/** When key and part end, in milliseconds; infinite where they never do. */
async function endsOf(key: Key, part: Key | Subkey, at: Date): Promise<number> {
  const own = 'bindingSignatures' in part ? await part.getExpirationTime(at) : Number.POSITIVE_INFINITY
  const whole = await key.getExpirationTime()
  return Math.min(Number(own ?? Number.POSITIVE_INFINITY), Number(whole ?? Number.POSITIVE_INFINITY))
}
