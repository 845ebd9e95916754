/** Checks a bundle with the receiver's own code and no database: the receiver accepts what passes here. */

import {
  type Bag,
  type BundleManifest,
  BundleRefusal,
  buildFindingSink,
  buildKeyMatcher,
  checkBagSignature,
  type FileCount,
  type FindingSink,
  faultAt,
  identifyBundle,
  isEncrypted,
  limitsOf,
  openBag,
  type PublicKeyFile,
  type RowBatch,
  rowPassesOf,
  signatureFinding,
  tally,
  type ValidateOptions,
  validateBag,
  verifyBag,
  verifyManifest,
} from '../bundle/index.ts'
import {
  type Contract,
  type Contracts,
  type Exceeded,
  exceededBounds,
  partsOf,
  periodOf,
} from '../contract/index.ts'
import { type DirectoryRow, getDerivation } from '../derivations/index.ts'
import { type Progress, readPasses, watchRows } from '../ingest/index.ts'
import type { Config } from '../platform/config.ts'
import { defined } from '../platform/defined.ts'
import type { Finding } from '../platform/finding.ts'

/**
 * Public keys, one of which must have signed. With `optional`, a missing signature is only a warning and an
 * unknown key is reported as unchecked. With `none`, for a bag still being created, no signature is checked.
 */
export type SignatureCheck = 'none' | 'optional' | readonly PublicKeyFile[]

export interface CheckReport {
  readonly errors: number
  readonly warnings: number
  /** Whether the receiver would accept it. */
  readonly isInOrder: boolean
  /** The exceeded bounds of the contract's tolerance: such a bundle would be quarantined. */
  readonly exceeded: readonly Exceeded[]
  readonly findings: readonly Finding[]
}

export type Directories = Readonly<Record<string, readonly DirectoryRow[]>>

/** What all checks of bundles need. */
export interface CheckContext {
  readonly contracts: Contracts
  readonly config: Config
  readonly progress: Progress
  readonly signature: SignatureCheck
  /** Directories by the name that a derivation gives them. With them its findings are reported too; no rows then. */
  readonly directories?: Directories
  /** Receives the accepted rows, and the counts of each file. */
  readonly onRows?: (batch: RowBatch) => void
  readonly onFiles?: (files: readonly FileCount[]) => void
}

/** A bundle as far as it could be opened and verified. */
export interface OpenedBundle {
  readonly path: string
  readonly findings: readonly Finding[]
  /** Absent where there is an error. Close it when done. */
  readonly open?: { readonly bag: Bag; readonly manifest: BundleManifest }
}

/** Opens and verifies a bag folder or ZIP; does not read its rows. */
export async function openBundle(
  path: string,
  { contracts, config, signature }: CheckContext,
): Promise<OpenedBundle> {
  const limits = limitsOf(config)
  let bag: Bag | undefined
  let open: OpenedBundle['open']
  try {
    const { packing } = await identifyBundle(path, limits)
    bag = await openBag(path, packing, limits)
    const { manifest, findings } = await verifyBag(bag, limits)
    if (manifest === undefined) return { path, findings }
    // A bag that is still being created is encrypted after this check.
    const isDue = ({ check }: Finding) => check !== 'encryption-missing' || signature !== 'none'
    const invalid = verifyManifest(manifest, contracts).filter(isDue)
    const signatures = invalid.length > 0 ? [] : await signatureFindings(bag, signature)
    const all = [...findings, ...invalid, ...signatures]
    if (all.some(({ severity }) => severity === 'error')) return { path, findings: all }
    open = { bag, manifest }
    return { path, findings: all, open }
  } catch (error) {
    if (error instanceof BundleRefusal) return { path, findings: error.findings }
    throw error
  } finally {
    if (open === undefined) await bag?.close()
  }
}

/** Validates the rows of an opened bundle and adds the findings to the earlier ones. Writes nothing. */
export async function checkRows(
  { bag, manifest: complete }: NonNullable<OpenedBundle['open']>,
  earlier: readonly Finding[],
  { contracts, config, progress, directories, onRows, onFiles }: CheckContext,
): Promise<CheckReport> {
  const sink = buildFindingSink(config.QINGDAN_FINDINGS_MAX)
  for (const finding of earlier) sink.add(finding)
  const unread = complete.files.filter(({ path }) => isEncrypted(path))
  for (const { path } of unread) sink.add(faultAt('encrypted-unread', { file: path }))
  const manifest = { ...complete, files: complete.files.filter((file) => !unread.includes(file)) }
  if (manifest.files.length === 0)
    return { ...resultOf(sink), isInOrder: sink.counts().errors === 0, exceeded: [] }
  const { contract } = contracts.get(manifest.dataset, manifest.contractVersion)
  const watched = watchRows(bag, readPasses.strict, progress)
  const options = {
    bag: watched.bag,
    manifest,
    contract,
    contracts,
    limits: limitsOf(config),
    editionDay: periodOf(contract, manifest.edition)?.end ?? '',
    onFinding: sink.add,
    onProgress: watched.onProgress,
    ...defined({ derive: directories && derivationOf(contract, manifest, directories) }),
  }
  const matchKeys = buildKeyMatcher(contract, sink.add)
  const files: FileCount[] = []
  let isBroken = false
  try {
    for (const reading of rowPassesOf(options)) {
      const rows = validateBag(reading.options)
      for await (const batch of rows) {
        matchKeys(reading, batch)
        onRows?.(batch)
      }
      files.push(...rows.counts())
    }
  } catch (error) {
    if (!(error instanceof BundleRefusal)) throw error
    for (const finding of error.findings) sink.add(finding)
    isBroken = true
  }
  onFiles?.(files)
  // Tolerance never covers rows that don't fit their base or files that can't be read.
  const counts = sink.counts()
  const isOver =
    isBroken || files.some((file) => file.unreadable) || counts.byCheck['delta-key-both'] !== undefined
  const exceeded = isOver ? [] : exceededBounds(contract.tolerance, tally(counts, files))
  return { ...resultOf(sink), isInOrder: !isOver && exceeded.length === 0, exceeded }
}

/** The contract's derivation for the share of a provider: it reports findings, and its statistics are not used. */
function derivationOf(
  contract: Contract,
  { edition, provider }: BundleManifest,
  directories: Directories,
): ValidateOptions['derive'] {
  const use = contract.derivation
  const part = partsOf(contract).find((one) => one.provider === provider)
  if (use === undefined || part === undefined) return undefined
  const { faults, openPart } = getDerivation(use.name)
  return { faults, open: () => openPart({ contract, use, edition, directories }, part) }
}

/** The report of a bundle whose rows are not read. */
export function reportOf(findings: readonly Finding[], { config }: CheckContext): CheckReport {
  const sink = buildFindingSink(config.QINGDAN_FINDINGS_MAX)
  for (const finding of findings) sink.add(finding)
  return { ...resultOf(sink), isInOrder: false, exceeded: [] }
}

async function signatureFindings(bag: Bag, check: SignatureCheck): Promise<readonly Finding[]> {
  if (check === 'none') return []
  const keys = check === 'optional' ? [] : check
  const signature = await checkBagSignature(bag, keys, new Date())
  if (signature.state === 'void') return signature.findings
  if (signature.state === 'unsigned') {
    // The receiver decides whether unsigned bundles are accepted; callers with keys expect a signature.
    const finding = faultAt('signature-missing')
    return [check === 'optional' ? { ...finding, severity: 'warning' } : finding]
  }
  if (signature.outcomes.some(({ good }) => good)) return []
  const findings = signature.outcomes.map(signatureFinding).filter((finding) => finding !== undefined)
  return check === 'optional' ? findings.map(unchecked) : findings
}

/** Without keys nobody verified the signature, so an unknown key is reported as unchecked. */
function unchecked(finding: Finding): Finding {
  const { file, expected } = finding
  if (finding.check !== 'signature-unknown-key') return finding
  return faultAt('signature-unchecked', { ...(file ? { file } : {}), ...(expected ? { expected } : {}) })
}

function resultOf(sink: FindingSink) {
  const { errors, warnings } = sink.counts()
  return { errors, warnings, findings: sink.findings() }
}
