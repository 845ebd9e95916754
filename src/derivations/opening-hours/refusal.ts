/** A refused cell: the reason and the place. It is thrown inside the parser and becomes a finding. */
import type { Reason } from './words.ts'

/** Why a cell is refused, and where. */
export class Refusal extends Error {
  readonly reason: Reason
  readonly start: number
  readonly end: number

  constructor(reason: Reason, start: number, end: number) {
    super(reason)
    this.reason = reason
    this.start = start
    this.end = end
  }
}

/** Throws a Refusal. */
export function refuse(
  reason: Reason,
  { start, end }: { readonly start: number; readonly end: number },
): never {
  throw new Refusal(reason, start, end)
}
