/**
 * The interface of a derivation: how the rows that providers bring become the rows of a dataset. Each part is
 * reduced to statistics as its rows are read, and the statistics of all parts give the published rows. Pure.
 */
import type { Contract, ProviderPart } from '../contract/index.ts'
import type { Severity } from '../platform/finding.ts'
import type { Bilingual } from '../platform/language.ts'

/** The use of a derivation in a contract: its name, the directories that it looks up, and its parameters. */
export type DerivationUse = NonNullable<Contract['derivation']>

/** A row of a directory, by the properties of its kind. */
export type DirectoryRow = Readonly<Record<string, string | null>>

/** What a derivation works with, the same for every part of an edition. */
export interface DerivationContext {
  readonly contract: Contract
  readonly use: DerivationUse
  /** Name of the edition, such as `2025-2026`. */
  readonly edition: string
  /** The rows of each directory, by the name that the derivation gives it. */
  readonly directories: Readonly<Record<string, readonly DirectoryRow[]>>
}

/** One line of a part's statistics. Lines with the same cell are added up, so statistics are additive. */
export interface StatisticsRow {
  /** Values of the derivation's `columns`, which together name what is counted. None is empty. */
  readonly cell: readonly string[]
  /** A count or a sum: a safe integer. */
  readonly amount: number
}

/** Reports a defect of the row being added. Never pass a value of the row. */
export type ReportRow = (
  fault: string,
  place?: { readonly field?: string; readonly expected?: string },
) => void

/**
 * What a spreadsheet stores in a cell: the text alone does not show whether a number lost its last zeros. All cells of a
 * CSV are texts.
 */
export type CellKind = 'text' | 'number' | 'day' | 'clock'

/** Where a row is from. */
export interface RowOrigin {
  /** Path of the file. */
  readonly file: string
  readonly row: number
  /** The kind of an intake field's cell; absent where all are texts. */
  readonly kindOf?: (field: number) => CellKind
}

/** The cells of a row as UTF-8, by intake field: a cell is empty where it begins at its end. */
export interface RowBytes {
  readonly bytes: Uint8Array
  readonly begins: Int32Array
  readonly ends: Int32Array
}

/** What is implausible in a whole part. The fault is one that holds the publication; there is no value in it. */
export interface PartWarning {
  readonly fault: string
  /** The first row that it is about; absent for rows that are not there. */
  readonly file?: string
  readonly row?: number
  readonly field?: string
  readonly expected?: string
}

export interface PartDerivation {
  /**
   * Takes one accepted row: canonical texts or null in the order of the intake fields. Returns false where it
   * has an error; the row is then counted nowhere, and at least one error was reported.
   */
  readonly add: (values: readonly (string | null)[], at: RowOrigin, report: ReportRow) => boolean
  /**
   * Takes a row as `add` would, without texts of its cells, if there is nothing to report about it. Returns false if it
   * has not taken the row, which `add` must then read. The bytes are used again for the next row.
   */
  readonly addBytes?: (row: RowBytes, at: RowOrigin) => boolean
  /**
   * Whether a row is a note, a total or the like, and is left out: by the texts of its fields, and of all its cells. Files
   * of such a derivation may also have titles above their header.
   */
  readonly isNote?: (textOf: (field: string) => string, cells: () => readonly string[]) => boolean
  /** The statistics of all rows that were taken. Each cell occurs once. */
  readonly finish: () => Iterable<StatisticsRow>
  /** What is implausible in the rows that were taken, seen together. */
  readonly warnings?: () => Iterable<PartWarning>
}

/** A row of the dataset: canonical texts or null, in the order of the contract's fields. */
export type DerivedRow = readonly (string | null)[]

/** What is implausible in the rows of an edition, seen together. */
export interface EditionWarning {
  readonly fault: string
  /** The figure, by the codes of its cell, and what is plausible. Never the figure itself. */
  readonly expected: string
}

/** Reads the rows of an edition before they are published, after those of the edition before. */
export interface EditionReview {
  /** Takes a row of the edition before as it is published: withheld values are null. */
  readonly addFormer: (row: DerivedRow) => void
  readonly add: (row: DerivedRow) => void
  readonly finish: () => readonly EditionWarning[]
}

/** What can be wrong with rows. A fault that `holds` lets a publication wait until a person has approved it. */
export interface DerivationFault {
  readonly severity: Severity
  readonly message: Bilingual
  readonly holds?: true
}

export interface Derivation {
  readonly name: string
  /** JSON Schema of its parameters in a contract. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** The directories that a contract must name: the kind that each must have, by the derivation's name for it. */
  readonly directories: Readonly<Record<string, string>>
  /** Everything that it can find wrong. */
  readonly faults: Readonly<Record<string, DerivationFault>>
  /** What is wrong with its use in a contract: the path in the contract, and what to do. */
  readonly check: (contract: Contract) => Iterable<readonly [path: string, message: string]>
  /** Names of the columns of its statistics, besides the amount. */
  readonly columns: (contract: Contract) => readonly string[]
  /** Begins a part: the share of one provider. */
  readonly openPart: (context: DerivationContext, part: ProviderPart) => PartDerivation
  /** The rows of an edition, from the sums of its parts' statistics in the order of their columns. */
  readonly aggregate: (
    context: DerivationContext,
    statistics: AsyncIterable<readonly StatisticsRow[]>,
  ) => AsyncIterable<readonly DerivedRow[]>
  /** Begins the review of an edition. Rows are in the order of the contract's fields. */
  readonly openReview?: (contract: Contract) => EditionReview
  /**
   * Lowest and highest result of each level of a row, which tell what its mean and quantiles say about its counts; undefined
   * where levels are no bands of results.
   */
  readonly bandsOf?: (
    contract: Contract,
  ) => (row: DerivedRow) => Readonly<Record<string, readonly [low: number, high: number]>> | undefined
}
