/**
 * Verifies a bag against BagIt 1.0 (RFC 8493) and its description: manifests both ways, digests,
 * datapackage.json. Reports every error; rejects `fetch.txt`, since nothing is ever fetched.
 */

import { type Contracts, isPersonal, isProven, partsOf, periodOf } from '../../../contract/index.ts'
import { defined } from '../../../platform/defined.ts'
import type { Digest } from '../../../platform/digest.ts'
import type { Finding } from '../../../platform/finding.ts'
import { BundleRefusal, faultAt } from '../findings/checks.ts'
import { isEncrypted, plainPath } from '../openpgp/paths.ts'
import { type Bag, type BagEntry, readWhole } from './bag.ts'
import { type BagGroup, groupOf, parseBagInfo } from './bag-info.ts'
import {
  type BundleDescriptor,
  type BundlePurpose,
  type BundleResource,
  descriptorPath,
  type Operation,
  parseDescriptor,
  type TableForm,
  tableFiles,
  tableFormOf,
} from './descriptor.ts'
import type { BundleLimits } from './limits.ts'
import { type BagVersion, parseManifest } from './manifest-file.ts'
import { canonicalPath, displayPath } from './paths.ts'

export interface BundleFile extends TableForm {
  /** Inside the bag, such as `data/rows.csv`. */
  readonly path: string
  readonly digest: Digest
  readonly bytes: number
  /** As the resource states it, in lower case; absent if it states none. */
  readonly encoding?: string
  /** In a delta: the operation on its rows. */
  readonly operation?: Operation
}

/** The metadata and files of a verified bundle. */
export interface BundleManifest extends BundlePurpose {
  readonly files: readonly BundleFile[]
  /** For one of several bags that form a bundle together. */
  readonly group?: BagGroup
}

interface Verification {
  /** Absent if there is an error. */
  readonly manifest?: BundleManifest
  /** At most `findingsMax` of them. */
  readonly findings: readonly Finding[]
}

/** Tag files are read whole; a manifest of the maximum number of files stays well below this. */
const tagFileBytesMax = 64 << 20
const payload = 'data/'

/** The SHA-256 of an entry. Throws BundleRefusal if the entry cannot be read. */
export type DigestEntry = (bag: Bag, entry: BagEntry) => Promise<Digest>

/** Verifies a bag. Unreadable files are reported as findings too. */
export async function verifyBag(
  bag: Bag,
  limits: BundleLimits,
  digestEntry: DigestEntry,
): Promise<Verification> {
  const findings: Finding[] = []
  const report = (...more: readonly Finding[]) => findings.push(...more)
  const { findings: declared, version } = await readDeclaration(bag)
  report(...declared)
  if (bag.entries.some(({ path }) => path === 'fetch.txt'))
    report(faultAt('bag-fetch', { file: 'fetch.txt' }))
  const digests = await digestAll(bag, digestEntry, report)
  await checkManifests(bag, version, digests, report)
  const info = await readInfo(bag, limits)
  report(...info.findings)
  const descriptor = await readDescriptor(bag, report)
  const files = descriptor === undefined ? [] : filesOf(bag, descriptor, digests, report)
  const reported = findings.slice(0, limits.findingsMax)
  if (descriptor === undefined || findings.some(({ severity }) => severity === 'error'))
    return { findings: reported }
  const { group } = info
  return {
    manifest: { ...descriptor.qingdan, files, ...defined({ group }) },
    findings: reported,
  }
}

/** Verifies a bag of any purpose against BagIt alone: declaration, manifests both ways, all digests. */
export async function verifyWhole(
  bag: Bag,
  digestEntry: DigestEntry,
): Promise<{ readonly digests: ReadonlyMap<string, Digest>; readonly findings: readonly Finding[] }> {
  const findings: Finding[] = []
  const report = (...more: readonly Finding[]) => findings.push(...more)
  const { findings: declared, version } = await readDeclaration(bag)
  report(...declared)
  if (bag.entries.some(({ path }) => path === 'fetch.txt'))
    report(faultAt('bag-fetch', { file: 'fetch.txt' }))
  const digests = await digestAll(bag, digestEntry, report)
  await checkManifests(bag, version, digests, report)
  return { digests, findings }
}

type ReportFindings = (...findings: readonly Finding[]) => void

interface Declaration {
  readonly version: BagVersion
  readonly findings: readonly Finding[]
}

/** RFC 8493, 2.1.1: bagit.txt "MUST consist of exactly two lines in this order", UTF-8 without BOM. */
async function readDeclaration(bag: Bag): Promise<Declaration> {
  const text = await readTag(bag, 'bagit.txt')
  const exact =
    /^BagIt-Version: (1\.0|0\.9[3-7])(?:\r\n|\n|\r)Tag-File-Character-Encoding: UTF-8(?:\r\n|\n|\r)?$/
  const version = typeof text === 'string' ? exact.exec(text)?.[1] : undefined
  if (version === '1.0') return { version, findings: [] }
  const file = 'bagit.txt'
  // bagit-python writes 0.97, whose bags differ only in the escapes of manifests.
  if (version !== undefined)
    return { version: 'former', findings: [faultAt('bag-version', { file, expected: '1.0' })] }
  const fault =
    typeof text === 'object' ? text : faultAt('bag-declaration', { file, expected: 'BagIt-Version: 1.0' })
  return { version: '1.0', findings: [fault] }
}

/** A tag file as text, a finding if it is unreadable, undefined if it is absent. */
async function readTag(bag: Bag, path: string): Promise<string | Finding | undefined> {
  if (!bag.entries.some((entry) => entry.path === path)) return undefined
  try {
    const bytes = await readWhole(bag, path, tagFileBytesMax)
    if (bytes === undefined) return faultAt('tag-file', { file: path })
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    // Some Windows programs add a BOM, which would invisibly change the first line.
    return text.startsWith('\ufeff')
      ? faultAt('tag-file', { file: path, expected: 'UTF-8, no BOM / 不带 BOM' })
      : text
  } catch (error) {
    if (error instanceof BundleRefusal) return error.findings[0]
    if (error instanceof TypeError) return faultAt('tag-file', { file: path })
    throw error
  }
}

/** Files digested concurrently. A ZIP is one file, and is read at one place at a time. */
const digestsAtOnce = { folder: 4, zip: 1 }

/** The digest of each readable file; the others have findings, in the order of the bag. */
async function digestAll(
  bag: Bag,
  digestEntry: DigestEntry,
  report: ReportFindings,
): Promise<ReadonlyMap<string, Digest>> {
  const digests = new Map<string, Digest>()
  const step = digestsAtOnce[bag.packing]
  for (let at = 0; at < bag.entries.length; at += step) {
    const entries = bag.entries.slice(at, at + step)
    const settled = await Promise.allSettled(entries.map((entry) => digestEntry(bag, entry)))
    for (const [index, one] of settled.entries()) {
      if (one.status === 'fulfilled') digests.set(entries[index]?.path ?? '', one.value)
      else if (one.reason instanceof BundleRefusal) report(...one.reason.findings)
      else throw one.reason
    }
  }
  return digests
}

async function checkManifests(
  bag: Bag,
  version: BagVersion,
  digests: ReadonlyMap<string, Digest>,
  report: ReportFindings,
): Promise<void> {
  const held = new Set(bag.entries.map(({ path }) => path))
  for (const path of held) {
    const algorithm = /^(?:tag)?manifest-([^/]+)\.txt$/.exec(path)?.[1]
    if (algorithm !== undefined && algorithm !== 'sha256')
      report(faultAt('manifest-unchecked', { file: path }))
  }
  const isPayload = (path: string) => path.startsWith(payload)
  const of = { bag, version, held }
  const listed = await checkManifest(
    { ...of, name: 'manifest-sha256.txt', allows: isPayload },
    digests,
    report,
  )
  if (listed === undefined) report(faultAt('manifest-missing', { file: 'manifest-sha256.txt' }))
  else {
    for (const path of held) {
      if (isPayload(path) && !listed.has(path)) report(faultAt('file-unlisted', { file: path }))
    }
  }
  const allows = (path: string) => !isPayload(path)
  await checkManifest({ ...of, name: 'tagmanifest-sha256.txt', allows }, digests, report)
}

interface ManifestOf {
  readonly bag: Bag
  readonly version: BagVersion
  readonly name: string
  readonly allows: (path: string) => boolean
  /** The paths of the bag. */
  readonly held: ReadonlySet<string>
}

/** Checks one manifest against the files; returns the paths it names, or undefined if it is absent. */
async function checkManifest(
  { bag, version, name, allows, held }: ManifestOf,
  digests: ReadonlyMap<string, Digest>,
  report: ReportFindings,
): Promise<ReadonlySet<string> | undefined> {
  const text = await readTag(bag, name)
  if (text === undefined) return undefined
  if (typeof text !== 'string') {
    report(text)
    return new Set()
  }
  const { digests: claimed, findings } = parseManifest(name, text, allows, version)
  report(...findings)
  for (const [path, digest] of claimed) {
    const actual = digests.get(path)
    if (!held.has(path)) report(faultAt('file-missing', { file: path }))
    else if (actual !== undefined && actual !== digest) report(faultAt('digest-wrong', { file: path }))
  }
  return new Set(claimed.keys())
}

interface Info {
  readonly findings: readonly Finding[]
  readonly group?: BagGroup
}

/** RFC 8493, 2.2.2: Payload-Oxum is "OctetCount.StreamCount", for an early check of completeness. */
async function readInfo(bag: Bag, limits: BundleLimits): Promise<Info> {
  const file = 'bag-info.txt'
  const text = await readTag(bag, file)
  if (text === undefined) return { findings: [faultAt('bag-info', { file })] }
  if (typeof text !== 'string') return { findings: [text] }
  const info = parseBagInfo(text)
  const claimed = info.get('payload-oxum')?.[0]
  const held = bag.entries.filter(({ path }) => path.startsWith(payload))
  const oxum = `${held.reduce((sum, { bytes }) => sum + bytes, 0)}.${held.length}`
  const wrong =
    claimed === undefined || claimed === oxum ? [] : [faultAt('bag-oxum', { file, expected: oxum })]
  const { group, findings } = groupOf(info, limits)
  return { findings: [...wrong, ...findings], ...defined({ group }) }
}

async function readDescriptor(bag: Bag, report: ReportFindings): Promise<BundleDescriptor | undefined> {
  const text = await readTag(bag, descriptorPath)
  if (text === undefined) report(faultAt('descriptor', { file: descriptorPath }))
  else if (typeof text !== 'string') report(text)
  else {
    const { descriptor, findings } = parseDescriptor(text)
    report(...findings)
    return descriptor
  }
  return undefined
}

function filesOf(
  bag: Bag,
  descriptor: BundleDescriptor,
  digests: ReadonlyMap<string, Digest>,
  report: ReportFindings,
): readonly BundleFile[] {
  const held = new Map(bag.entries.map((entry) => [entry.path, entry.bytes]))
  const named = new Set<string>()
  const files: BundleFile[] = []
  for (const resource of descriptor.resources) {
    const path = canonicalPath(typeof resource.path === 'string' ? resource.path : (resource.path[0] ?? ''))
    const bytes = held.get(path)
    if (named.has(path)) report(faultAt('resource-doubled', { file: path }))
    else if (bytes === undefined || !path.startsWith(payload))
      report(faultAt('resource-missing', { file: displayPath(path) }))
    else {
      const faults = resourceFaults(resource, path, bytes, digests.get(path))
      report(...faults)
      const [digest, form] = [digests.get(path), tableFormOf(resource, plainPath(path))]
      if (digest !== undefined && form !== undefined) {
        const encoding = resource.encoding?.toLowerCase()
        const operation = resource.qingdan?.operation
        files.push({
          path,
          digest,
          bytes,
          ...form,
          ...defined({ encoding, operation }),
        })
      }
    }
    named.add(path)
  }
  for (const path of held.keys()) {
    if (path.startsWith(payload) && !named.has(path)) report(faultAt('resource-undescribed', { file: path }))
  }
  return files
}

function resourceFaults(
  resource: BundleResource,
  file: string,
  bytes: number,
  digest?: Digest,
): readonly Finding[] {
  const faults: Finding[] = []
  if (!tableFiles.test(plainPath(file)))
    faults.push(faultAt('resource-format', { file, expected: '.csv, .tsv, .txt, .xlsx' }))
  if (tableFormOf(resource, plainPath(file)) === undefined) faults.push(faultAt('dialect', { file }))
  const hash = /^sha256:([0-9a-f]{64})$/i.exec(resource.hash ?? '')?.[1]?.toLowerCase()
  const otherBytes = resource.bytes !== undefined && resource.bytes !== bytes
  const otherHash = hash !== undefined && digest !== undefined && hash !== digest
  if (otherBytes || otherHash) faults.push(faultAt('resource-digest', { file }))
  return faults
}

/** Checks dataset, contractVersion, edition, provider and encryption against the contracts. */
export function verifyManifest(manifest: BundleManifest, contracts: Contracts): readonly Finding[] {
  const file = descriptorPath
  const versions = contracts.versions(manifest.dataset)
  if (versions.length === 0) return [faultAt('dataset-unknown', { file })]
  const contract = contracts.find(manifest.dataset, manifest.contractVersion)?.contract
  if (contract === undefined) {
    const expected = versions.map((loaded) => loaded.contract.contractVersion).join(', ')
    return [faultAt('contract-unknown', { file, expected })]
  }
  const findings: Finding[] = []
  if (periodOf(contract, manifest.edition) === undefined) {
    findings.push(
      faultAt('edition-unknown', { file, expected: contract.period === 'year' ? '2025' : '2025-2026' }),
    )
  }
  if (isPersonal(contract)) {
    const open = manifest.files.filter(({ path }) => !isEncrypted(path))
    findings.push(...open.map(({ path }) => faultAt('encryption-missing', { file: path })))
    if (manifest.synthetic !== true && !isProven(contract))
      findings.push(faultAt('synthetic-missing', { file }))
  }
  if (contract.derivation !== undefined && manifest.mode === 'delta')
    findings.push(faultAt('delta-derived', { file }))
  const providers = partsOf(contract).map((part) => part.provider)
  if (!providers.includes(manifest.provider)) {
    findings.push(faultAt('provider-unknown', { file, expected: providers.join(', ') }))
  }
  return findings
}
