/**
 * Errors in contracts and code lists, collected so that an author can correct all of them together.
 * The texts are for authors of contracts, who operate the service; providers never see them.
 */

/** One error: the file, the position in it, and what to do. */
export interface ContractFault {
  readonly file: string
  /** A JSON pointer such as `/fields/3/codes`, or `line 7` in a CSV; empty for the file as a whole. */
  readonly path: string
  readonly message: string
}

/** Thrown by the loader with all errors together. */
export class ContractError extends Error {
  readonly faults: readonly ContractFault[]

  constructor(faults: readonly ContractFault[]) {
    super(
      [
        `${faults.length} fault${faults.length === 1 ? '' : 's'} in the contracts:`,
        ...faults.map((fault) => `  ${faultText(fault)}`),
      ].join('\n'),
    )
    this.name = 'ContractError'
    this.faults = faults
  }
}

/** A fault as one line: file, position, what to do. */
export function faultText({ file, path, message }: ContractFault): string {
  return `${[file, path].filter(Boolean).join(' ')}: ${message}`
}

/** An error inside one file: the position, and what to do. */
export type Complaint = readonly [path: string, message: string]
