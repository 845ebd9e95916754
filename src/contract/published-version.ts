/** Shapes of a published version and of a change, as the catalogue keeps them and as exports and mirrors carry them. */
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

/** A change as it stands in the order. */
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

/** What one provider brought to a version. */
export interface PublishedPart {
  readonly provider: string
  readonly bundle: string
  /** All bundles that the rows may come from: each bag of a group, and what a delta rests on. Absent in old versions. */
  readonly bundles?: readonly string[]
  readonly rows: number
  /** Whether the provider said that the data are made up. */
  readonly synthetic: boolean
}

/** A part that is missing, and why the edition was published without it. */
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

/** A format that the contract promises and that can't hold the version, and why. */
export interface OmittedFormat {
  readonly format: string
  readonly reason: Bilingual
}

/** What differs from another version, by key. */
export interface RecordDifference {
  /** The number of the other version. */
  readonly against: number
  readonly added: number
  readonly removed: number
  readonly changed: number
}

/** What readers may learn of how a version was made. */
export interface VersionFacts {
  readonly reason: string | null
  readonly records: number
  /** SHA-256 of the plain CSV. */
  readonly digest: string
  /** What differs from the version before, by key; null for the first, and where it was not counted. */
  readonly difference: RecordDifference | null
  readonly parts: readonly PublishedPart[]
  readonly waivers: readonly Waiver[]
  readonly warnings: readonly { readonly check: string; readonly count: number }[]
  readonly suppressions: Readonly<Record<string, unknown>>
  readonly omitted: readonly OmittedFormat[]
}

/** A version as it is carried to a mirror: every fact that readers may see, and nothing of how it was made. */
export interface CarriedVersion extends VersionFacts {
  readonly dataset: string
  readonly edition: string
  readonly periodStart: string
  readonly periodEnd: string
  readonly number: number
  readonly contractVersion: number
  /** ISO 8601 in UTC, as the next. */
  readonly publishedAt: string
  readonly withdrawn: { readonly at: string; readonly reason: string } | null
  readonly distributions: readonly StoredDistribution[]
}
