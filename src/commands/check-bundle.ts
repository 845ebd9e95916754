/** Checks a bundle with the receiver's own code and no database: what passes here will be taken there. */
import type { Config } from '../base/config.ts'
import type { Finding } from '../base/finding.ts'
import {
  type Bag,
  BundleRefusal,
  buildFindingSink,
  type FindingSink,
  identifyBundle,
  limitsOf,
  openBag,
  tally,
  validateBag,
  verifyBag,
  verifyManifest,
} from '../bundle/index.ts'
import { type Contracts, type Exceeded, exceededBounds, periodOf } from '../contract/index.ts'
import type { Progress } from '../ingest/index.ts'

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
    const { manifest, findings } = await verifyBag(bag, limits)
    for (const finding of findings) sink.add(finding)
    if (manifest === undefined) return report()
    const wrong = verifyManifest(manifest, contracts)
    if (wrong.length > 0) return refuse(wrong)
    const { contract } = contracts.get(manifest.dataset, manifest.contractVersion)
    const reading = validateBag({
      bag,
      manifest,
      contract,
      contracts,
      limits,
      editionDay: periodOf(contract, manifest.edition)?.end ?? '',
      onFinding: sink.add,
      onProgress: ({ file, rows }) => progress(`check ${file}`, rows),
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

function told(sink: FindingSink) {
  const { errors, warnings } = sink.counts()
  return { errors, warnings, findings: sink.findings() }
}
