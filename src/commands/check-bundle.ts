/** Checks a bundle with the receiver's own code and no database: what passes here will be taken there. */
import type { Config } from '../base/config.ts'
import type { Finding } from '../base/finding.ts'
import {
  type Bag,
  BundleRefusal,
  buildFindingSink,
  checkBagSignature,
  type FindingSink,
  faultAt,
  identifyBundle,
  limitsOf,
  openBag,
  type PublicKeyFile,
  signatureFinding,
  tally,
  validateBag,
  verifyBag,
  verifyManifest,
} from '../bundle/index.ts'
import { type Contracts, type Exceeded, exceededBounds, periodOf } from '../contract/index.ts'
import { type Progress, readings, watchRows } from '../ingest/index.ts'

/**
 * The public keys that a signature must be by; `named` tells only that there is one and by whose key it claims to be; a
 * bag that is still being made is not asked.
 */
export type SignatureCheck = 'unasked' | 'named' | readonly PublicKeyFile[]

export interface CheckReport {
  readonly errors: number
  readonly warnings: number
  /** Whether the receiver would take it. */
  readonly isInOrder: boolean
  /** The bounds of the contract's tolerance that do not hold: such a bundle rests in quarantine. */
  readonly exceeded: readonly Exceeded[]
  readonly findings: readonly Finding[]
}

/** Verifies and validates a bag folder or ZIP. Nothing is written anywhere. */
export async function checkBundle(
  path: string,
  contracts: Contracts,
  config: Config,
  progress: Progress,
  signature: SignatureCheck = 'unasked',
): Promise<CheckReport> {
  const limits = limitsOf(config)
  const sink = buildFindingSink(config.QINGDAN_FINDINGS_MAX)
  const report = () => ({ ...told(sink), isInOrder: false, exceeded: [] })
  const refuse = (findings: readonly Finding[]) => {
    for (const finding of findings) sink.add(finding)
    return report()
  }
  let bag: Bag | undefined
  try {
    const { packing } = await identifyBundle(path, limits)
    bag = await openBag(path, packing, limits)
    const watched = watchRows(bag, readings.careful, progress)
    const { manifest, findings } = await verifyBag(bag, limits)
    for (const finding of findings) sink.add(finding)
    if (manifest === undefined) return report()
    const wrong = verifyManifest(manifest, contracts)
    if (wrong.length > 0) return refuse(wrong)
    const signatures = await signatureFindings(bag, signature)
    for (const finding of signatures) sink.add(finding)
    if (signatures.some(({ severity }) => severity === 'error')) return report()
    const { contract } = contracts.get(manifest.dataset, manifest.contractVersion)
    const reading = validateBag({
      bag: watched.bag,
      manifest,
      contract,
      contracts,
      limits,
      editionDay: periodOf(contract, manifest.edition)?.end ?? '',
      onFinding: sink.add,
      onProgress: watched.onProgress,
    })
    for await (const _batch of reading);
    const files = reading.counts()
    if (files.some((file) => file.unreadable)) return report()
    const exceeded = exceededBounds(contract.tolerance, tally(sink.counts(), files))
    return { ...told(sink), isInOrder: exceeded.length === 0, exceeded }
  } catch (error) {
    if (error instanceof BundleRefusal) return refuse(error.findings)
    throw error
  } finally {
    await bag?.close()
  }
}

async function signatureFindings(bag: Bag, asked: SignatureCheck): Promise<readonly Finding[]> {
  if (asked === 'unasked') return []
  const keys = asked === 'named' ? [] : asked
  const signature = await checkBagSignature(bag, keys, new Date())
  if (signature.state === 'void') return signature.findings
  if (signature.state === 'unsigned') {
    // Whether an unsigned bundle is taken, its receiver says; who names keys expects a signature.
    const finding = faultAt('signature-missing')
    return [asked === 'named' ? { ...finding, severity: 'warning' } : finding]
  }
  if (signature.outcomes.some(({ good }) => good)) return []
  const findings = signature.outcomes.map(signatureFinding).filter((finding) => finding !== undefined)
  return asked === 'named' ? findings.map(unchecked) : findings
}

/** Without keys, a signature by a key that is not known is one that nobody looked at. */
function unchecked(finding: Finding): Finding {
  const { file, expected } = finding
  if (finding.check !== 'signature-unknown-key') return finding
  return faultAt('signature-unchecked', { ...(file ? { file } : {}), ...(expected ? { expected } : {}) })
}

function told(sink: FindingSink) {
  const { errors, warnings } = sink.counts()
  return { errors, warnings, findings: sink.findings() }
}
