/** The cells of an edition as a disclosure rule takes them. */

/** One record, in the order of the contract's fields. */
export type ConfidentialRow = readonly (string | null)[]

/** Lowest and highest result of each level in the cell of a row; undefined where levels are no bands of results. */
export type BandsOf = (
  row: ConfidentialRow,
) => Readonly<Record<string, readonly [number, number]>> | undefined

/** A version that was published before, also if it was withdrawn: what was read stays known. */
export interface FormerVersion {
  readonly version: number
  readonly confidential: readonly ConfidentialRow[]
  readonly published: readonly ConfidentialRow[]
}

/** All cells of an edition with their margins. */
export interface EditionCells {
  readonly rows: readonly ConfidentialRow[]
  /** The oldest first. */
  readonly former?: readonly FormerVersion[]
  /** Results of each level, where means or quantiles are published. */
  readonly bandsOf?: BandsOf
}
