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
  validateBag,
  verifyBag,
  verifyManifest,
} from '../bundle/index.ts'
import { type Contracts, periodOf } from '../contract/index.ts'
import { type Progress, readings, watchRows } from '../ingest/index.ts'

export interface CheckReport {
  readonly errors: number
  readonly warnings: number
  /** Errors that the contract bears. */
  readonly tolerance: number
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
  const report = (tolerance = 0) => ({ ...told(sink), tolerance })
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
    const broken = reading.counts().some((file) => file.unreadable)
    return report(broken ? 0 : contract.tolerance?.errors)
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
