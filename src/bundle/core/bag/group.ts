/**
 * Several bags as one bundle: whether they belong together, and the joined bag and manifest. Files are
 * prefixed with the number of their bag, as `bag-2/data/rows.csv`, so that every finding names it.
 */
import type { Finding } from '../../../platform/finding.ts'
import { faultAt } from '../findings/checks.ts'
import { type Bag, noSuchEntry, sortEntries } from './bag.ts'
import type { BagGroup } from './bag-info.ts'
import { descriptorPath } from './descriptor.ts'
import type { BundleLimits } from './limits.ts'
import type { BundleManifest } from './verify.ts'

/** The manifest of one bag of a group. */
export type GroupManifest = BundleManifest & { readonly group: BagGroup }

export function isGrouped(manifest: BundleManifest): manifest is GroupManifest {
  return manifest.group !== undefined
}

/** What all bags of a group have in common. */
export interface GroupPurpose {
  readonly dataset: string
  readonly edition: string
  readonly contractVersion: number
  readonly provider: string
  readonly sequence: number | null
  readonly mode: string
  readonly against: number | null
}

const common = ['dataset', 'edition', 'contractVersion', 'provider', 'sequence', 'mode', 'against'] as const

/** Properties that must be equal in all manifests of a group. */
export function groupPurposeOf(manifest: BundleManifest): GroupPurpose {
  const { dataset, edition, contractVersion, provider, sequence = null, mode, against } = manifest
  return { dataset, edition, contractVersion, provider, sequence, mode, against: against?.version ?? null }
}

/** A bag that was received already, by its place in the group. */
interface GroupPosition {
  readonly number: number
  readonly count: number
  readonly purpose: GroupPurpose
}

/** Why a bag does not fit those already received; empty if it does. */
export function groupFaults(manifest: GroupManifest, there: GroupPosition): readonly Finding[] {
  const { group } = manifest
  const own = groupPurposeOf(manifest)
  const differing = common.filter((name) => own[name] !== there.purpose[name])
  const file = 'bag-info.txt'
  return [
    ...(differing.length === 0
      ? []
      : [
          faultAt('group-mixed', {
            file: descriptorPath,
            expected: differing.map((name) => `${name}: ${there.purpose[name] ?? '-'}`).join(', '),
          }),
        ]),
    ...(group.count === there.count
      ? []
      : [faultAt('group-count', { file, expected: `… of ${there.count}` })]),
    ...(group.number === there.number ? [faultAt('group-number', { file })] : []),
  ]
}

/** The numbers of the bags that are missing. */
export function missingNumbers(count: number, there: readonly number[]): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1).filter((number) => !there.includes(number))
}

/** The path prefix of a bag's files. */
function bagFolder(number: number): string {
  return `bag-${number}`
}

/** The number of the bag of a file in a joined bundle; undefined for a finding about all bags. */
export function bagNumberOf(file: string | undefined): number | undefined {
  const digits = /^bag-(\d+)\//.exec(file ?? '')?.[1]
  return digits === undefined ? undefined : Number(digits)
}

export interface GroupBag {
  readonly bag: Bag
  readonly manifest: GroupManifest
}

/** The manifest of a bundle joined from several bags, in the order of their numbers. */
export function joinManifests(manifests: readonly GroupManifest[]): BundleManifest {
  const sorted = [...manifests].sort((a, b) => a.group.number - b.group.number)
  const [first] = sorted
  if (first === undefined) throw new Error('a group has at least one bag')
  const { group: _group, ...purpose } = first
  const files = sorted.flatMap(({ group, files }) =>
    files.map((file) => ({ ...file, path: `${bagFolder(group.number)}/${file.path}` })),
  )
  const synthetic = sorted.some((manifest) => manifest.synthetic === true)
  return { ...purpose, ...(synthetic ? { synthetic } : {}), files }
}

/** Joins bags into one. Closing it closes them all. */
export function joinBags(bags: readonly GroupBag[]): Bag {
  const homes = new Map<string, { readonly bag: Bag; readonly path: string }>()
  const entries = bags.flatMap(({ bag, manifest }) =>
    bag.entries.map(({ path, bytes }) => {
      const inside = `${bagFolder(manifest.group.number)}/${path}`
      homes.set(inside, { bag, path })
      return { path: inside, bytes }
    }),
  )
  return {
    packing: 'folder',
    entries: sortEntries(entries),
    read: (path) => {
      const home = homes.get(path)
      if (home === undefined) throw noSuchEntry(path)
      return home.bag.read(home.path)
    },
    close: async () => {
      for (const { bag } of bags) await bag.close()
    },
  }
}

/** Converts findings about one bag into findings about the group. */
export function inBag(number: number, findings: readonly Finding[]): readonly Finding[] {
  return findings.map((finding) => ({
    ...finding,
    file: finding.file === undefined ? `${bagFolder(number)}/` : `${bagFolder(number)}/${finding.file}`,
  }))
}

/** The limits of one bundle apply to the whole group. */
export function groupLimitFaults(bag: Bag, limits: BundleLimits): readonly Finding[] {
  const bytes = bag.entries.reduce((sum, entry) => sum + entry.bytes, 0)
  return [
    ...(bag.entries.length > limits.filesMax
      ? [faultAt('too-many-files', { expected: `≤ ${limits.filesMax}` })]
      : []),
    ...(bytes > limits.bytesMax ? [faultAt('too-many-bytes', { expected: `≤ ${limits.bytesMax}` })] : []),
  ]
}
