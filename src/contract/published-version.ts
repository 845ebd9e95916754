/** Types of a published version and of a change, shared by the catalogue, exports and mirrors. */
import type { Bilingual } from '../platform/language.ts'

export const changeKinds = [
  'contract-added',
  'version-published',
  'version-corrected',
  'version-withdrawn',
  'item-changed',
] as const

export type ChangeKind = (typeof changeKinds)[number]

export interface Change {
  readonly at: Date
  readonly kind: ChangeKind
  readonly dataset: string
  readonly edition?: string
  readonly version?: number
  readonly body: object
}

/** A change with its position in the order. */
export interface PositionedChange extends Change {
  readonly position: number
}

export interface VersionName {
  readonly dataset: string
  readonly edition: string
  readonly number: number
}

/** Name of a distribution's file: `{slug}-{edition}-v{n}.{extension}`. */
export function fileName(of: VersionName, extension: string): string {
  return `${of.dataset}-${of.edition}-v${of.number}.${extension}`
}

/** What one provider contributed to a version. */
export interface PublishedPart {
  readonly provider: string
  readonly bundle: string
  /** All bundles the rows may come from: each bag of a group, and a delta's base. Absent in old versions. */
  readonly bundles?: readonly string[]
  readonly rows: number
  /** Whether the provider declared the data synthetic. */
  readonly synthetic: boolean
}

/** A missing part, and why the edition was published without it. */
export interface Waiver {
  readonly provider: string
  readonly reason: string
}

export interface StoredDistribution {
  readonly name: string
  readonly format: string
  readonly mediaType: string
  readonly bytes: number
  readonly digest: string
}

/** A format of the contract that can't hold the version, and why. */
export interface OmittedFormat {
  readonly format: string
  readonly reason: Bilingual
}

/** The differences from another version, by key. */
export interface RecordDifference {
  /** The number of the other version. */
  readonly against: number
  readonly added: number
  readonly removed: number
  readonly changed: number
}

/** Facts about a version that readers may see. */
export interface VersionFacts {
  readonly reason: string | null
  readonly records: number
  /** SHA-256 of the plain CSV. */
  readonly digest: string
  /** Differences from the previous version, by key; null for the first, and if they were not counted. */
  readonly difference: RecordDifference | null
  readonly parts: readonly PublishedPart[]
  readonly waivers: readonly Waiver[]
  readonly warnings: readonly { readonly check: string; readonly count: number }[]
  readonly suppressions: Readonly<Record<string, unknown>>
  readonly omitted: readonly OmittedFormat[]
}

/** A version as sent to a mirror: every fact that readers may see, and nothing internal. */
export interface CarriedVersion extends VersionFacts {
  readonly dataset: string
  readonly edition: string
  readonly periodStart: string
  readonly periodEnd: string
  readonly number: number
  readonly contractVersion: number
  /** ISO 8601 in UTC, like the next one. */
  readonly publishedAt: string
  readonly withdrawn: { readonly at: string; readonly reason: string } | null
  readonly distributions: readonly StoredDistribution[]
}
