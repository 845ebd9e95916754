/**
 * What is wrong with contracts and code lists, collected rather than thrown one by one, so that an author mends
 * everything in one go. These texts are for the author of a contract, who is one of ours; no provider sees them.
 */

/** One thing wrong: in which file, where in it, and what to do. */
export interface ContractFault {
  readonly file: string
  /** A JSON pointer such as `/fields/3/codes`, or `line 7` in a CSV; empty for the file as a whole. */
  readonly path: string
  readonly message: string
}

/** Thrown by the loader with every fault at once. */
export class ContractError extends Error {
  readonly faults: readonly ContractFault[]

  constructor(faults: readonly ContractFault[]) {
    super(
      [
        `${faults.length} fault${faults.length === 1 ? '' : 's'} in the contracts:`,
        ...faults.map(({ file, path, message }) => `  ${[file, path].filter(Boolean).join(' ')}: ${message}`),
      ].join('\n'),
    )
    this.name = 'ContractError'
    this.faults = faults
  }
}

/** A fault inside one file: where, and what to do. */
export type Complaint = readonly [path: string, message: string]
