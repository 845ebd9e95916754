/**
 * Checks the signature of a bundle: its key must be registered for provider and dataset, and valid when the
 * bundle was received. One such signature is enough. Missing signatures and unknown keys are refused unless a
 * setting allows them; if every signature has some other fault, the bundle is always refused.
 */
import { listSigners, loadServiceKey, type Signer } from '../../accounts/index.ts'
import {
  type Bag,
  type BundleManifest,
  checkBagSignature,
  faultAt,
  type PublicKeyFile,
  readPublicKeys,
  type SignatureOutcome,
  signatureFinding,
  signaturePath,
} from '../../bundle/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import type { Finding } from '../../platform/finding.ts'
import type { Received } from '../receive/receive.ts'

interface SignatureVerdict {
  /** Fingerprint of the key whose signature is good. */
  readonly signer?: string
  /** Errors where the signature forbids the bundle, warnings where the setting allows it. */
  readonly findings: readonly Finding[]
}

/** Findings that the setting can allow: no signature has proved to be wrong. */
const allowable: ReadonlySet<string> = new Set(['signature-missing', 'signature-unknown-key'])

/** Checks the signature of a verified bag. */
export async function verifySignature(
  context: AppContext,
  received: Received,
  { bag, manifest }: { readonly bag: Bag; readonly manifest: BundleManifest },
): Promise<SignatureVerdict> {
  const signers = await listSigners(context.database)
  const keys = await keysOf(context, received, signers)
  const signature = await checkBagSignature(bag, keys, received.receivedAt)
  if (signature.state === 'unsigned') return refused(context, [faultAt('signature-missing')])
  if (signature.state === 'void') return refused(context, signature.findings)
  const findings: Finding[] = []
  for (const outcome of signature.outcomes) {
    const fault = outcome.good
      ? registryFault(signers, outcome, received.receivedAt, manifest)
      : signatureFinding(outcome)
    if (outcome.good && fault === undefined) return { signer: outcome.fingerprint, findings: [] }
    if (fault !== undefined) findings.push(fault)
  }
  return refused(context, findings)
}

/**
 * The accepted keys: those registered, and for bundles from the command line the service's own, because
 * whoever holds the data folder has packed and signed loose files there. Other channels do not accept it.
 */
async function keysOf(
  context: AppContext,
  { broughtBy }: Received,
  signers: readonly Signer[],
): Promise<readonly PublicKeyFile[]> {
  const texts = signers.map(({ publicKey }) => publicKey)
  if (broughtBy.startsWith('cli:')) texts.push((await loadServiceKey(context)).publicKey)
  return (await Promise.all(texts.map(readPublicKeys))).flat()
}

type Good = Extract<SignatureOutcome, { good: true }>

/** The registry's objection to a good signature. The service's own key is not registered and has no scope. */
function registryFault(
  signers: readonly Signer[],
  { fingerprint, signedAt }: Good,
  at: Date,
  manifest: BundleManifest,
): Finding | undefined {
  const signer = signers.find((one) => one.fingerprint === fingerprint)
  if (signer === undefined) return undefined
  const { revokedAt, validFrom, validUntil, provider, datasets } = signer
  const place = { file: signaturePath, expected: `OpenPGP ${fingerprint}` }
  if (revokedAt !== undefined && at >= revokedAt) return faultAt('signature-revoked', place)
  const isEarly = validFrom !== undefined && signedAt < validFrom
  if (isEarly || (validUntil !== undefined && at >= validUntil)) return faultAt('signature-expired', place)
  const isForThis = provider === manifest.provider && (datasets?.includes(manifest.dataset) ?? true)
  return isForThis
    ? undefined
    : faultAt('signature-other-provider', { ...place, expected: manifest.provider })
}

function refused(context: AppContext, findings: readonly Finding[]): SignatureVerdict {
  for (const { check } of findings) context.observe('signature-refused', { reason: check })
  const isAllowed =
    context.config.QINGDAN_UNSIGNED === 'allow' && findings.every(({ check }) => allowable.has(check))
  return {
    findings: isAllowed
      ? findings.map((finding) => ({ ...finding, severity: 'warning' as const }))
      : findings,
  }
}
