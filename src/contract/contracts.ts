/** All contracts of the service, for look-ups by other modules. */
import type { CodeList } from './codes/codes.ts'
import type { LoadedContract } from './contract.ts'
import type { ContractFault } from './contract-errors.ts'

export interface Contracts {
  /** The newest contract of each dataset, sorted by slug. */
  readonly list: () => readonly LoadedContract[]
  /** All contract versions of a dataset, oldest first; empty if there is none. */
  readonly versions: (dataset: string) => readonly LoadedContract[]
  /** A contract, the newest if no version is given; undefined if there is none. */
  readonly find: (dataset: string, contractVersion?: number) => LoadedContract | undefined
  /** As find; throws the problems `dataset-not-found` and `contract-not-found`. */
  readonly get: (dataset: string, contractVersion?: number) => LoadedContract
  /** A code list by name. Throws a plain Error for an unknown name: the loader has checked every name. */
  readonly codes: (list: string) => CodeList
  /** The faults of files that were set aside when the contracts were loaded. */
  readonly setAside: readonly ContractFault[]
}
