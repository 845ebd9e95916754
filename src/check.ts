/** Checks a bundle with the receiver's own code and no database: what passes here will be taken there. */
import type { Config } from './base/config.ts'
import type { Finding } from './base/finding.ts'
import { findingSink, identifyBundle, openBag, validateBag, verifyBag, verifyManifest } from './bundle/index.ts'
import { type Contracts, partsOf, periodOf } from './contract/index.ts'
import { bundleLimits, type Progress } from './ingest/index.ts'

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
  const limits = bundleLimits(config)
  const sink = findingSink({ findingsMax: config.QINGDAN_FINDINGS_MAX })
  const report = (tolerance = 0) => ({ ...sink.summary(), tolerance })
  const refuse = (findings: readonly Finding[]) => {
    for (const finding of findings) sink.add(finding)
    return report()
  }
  const identified = await identifyBundle(path, limits)
  if (identified.findings.length > 0) return refuse(identified.findings)
  const bag = await openBag(path, identified.packing, limits)
  if ('findings' in bag) return refuse(bag.findings)
  try {
    const { manifest, findings } = await verifyBag(bag, limits)
    if (manifest === undefined || findings.length > 0) return refuse(findings)
    const wrong = verifyManifest(manifest, contracts)
    if (wrong.length > 0) return refuse(wrong)
    const { contract } = contracts.get(manifest.dataset, manifest.contractVersion)
    const part = partsOf(contract).find((candidate) => candidate.provider === manifest.provider)
    if (part === undefined) throw new Error('a verified manifest names a provider that the contract does not have')
    const validation = validateBag({
      bag,
      manifest,
      contract,
      contracts,
      part,
      limits,
      editionDay: periodOf(contract, manifest.edition)?.end ?? '',
      onFinding: sink.add,
      onProgress: (done, total) => progress('check', done, total),
    })
    for await (const _batch of validation.batches);
    return report(contract.tolerance?.errors)
  } finally {
    await bag.close()
  }
}
