/** Code lists: the codes that a field may hold, with labels and the time in which each is valid. */
import type { Bilingual } from '../base/text.ts'

export interface Code {
  readonly code: string
  readonly label: Bilingual
  /** First and last day of validity, `YYYY-MM-DD`; absent where it has no bound. */
  readonly validFrom?: string
  readonly validUntil?: string
  /** In a dependent list: the codes of the list it depends on under which this code is allowed. */
  readonly under?: readonly string[]
  /** Where a retired code has a successor. */
  readonly replacedBy?: string
  /** Any further column of the file, by its header. */
  readonly extra: Readonly<Record<string, string>>
}

export interface CodeList {
  readonly name: string
  readonly codes: readonly Code[]
  readonly byCode: ReadonlyMap<string, readonly Code[]>
}

/** Whether a code is valid on a day, `YYYY-MM-DD`. */
export function validOn(code: Code, day: string): boolean {
  return (code.validFrom ?? '') <= day && day <= (code.validUntil ?? '9999-12-31')
}
