/** What the strict path works with: the options of a validation, and the inputs of each of its passes. */
import type { Contract, Contracts } from '../../../contract/index.ts'
import type { Finding } from '../../../platform/finding.ts'
import type { Bag } from '../../core/bag/bag.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import type { BundleManifest } from '../../core/bag/verify.ts'
import type { DuplicateFilter } from '../../core/cells/duplicate-filter.ts'
import type { RowReader } from '../../core/cells/row-reader.ts'
import type { FileState } from './file-state.ts'
import type { KeyIndex } from './key-index.ts'
import type { RowDerivation } from './row-derivation.ts'

interface Progress {
  readonly file: string
  /** Rows of the file read so far. */
  readonly rows: number
}

export interface ValidateOptions {
  readonly bag: Bag
  readonly manifest: BundleManifest
  readonly contract: Contract
  readonly contracts: Pick<Contracts, 'codes'>
  readonly limits: BundleLimits
  /** The day, `YYYY-MM-DD`, on which codes must be valid: the last of the edition's period. */
  readonly editionDay: string
  /** Folder for encrypted scratch files; by default the system's. */
  readonly scratch?: string
  /** Takes the accepted rows instead of the caller; opened anew for each path. */
  readonly derive?: RowDerivation
  readonly onFinding: (finding: Finding) => void
  readonly onProgress?: (progress: Progress) => void
  readonly signal?: AbortSignal
}

/** The inputs of each validation step. */
export interface Walk {
  readonly options: ValidateOptions
  readonly reader: RowReader
  readonly filter: DuplicateFilter
  readonly keys: KeyIndex
  readonly states: readonly FileState[]
  readonly part: ReturnType<RowDerivation['open']> | undefined
  /** Whether more findings would change nothing. */
  readonly isEnough: () => boolean
}
