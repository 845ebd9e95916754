/** Code lists: the codes that a field may hold, with their labels and periods of validity. */
import type { Bilingual } from '../../platform/language.ts'

export interface Code {
  readonly code: string
  readonly label: Bilingual
  /** First and last day of validity, `YYYY-MM-DD`; absent if unbounded. */
  readonly validFrom?: string
  readonly validUntil?: string
  /** In a dependent list: the codes of the parent list under which this code is allowed. */
  readonly under?: readonly string[]
  /** The successor of a retired code. */
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

/** Filters of a look-up: a day of validity and, in a dependent list, the parent code. */
export interface CodeQuery {
  readonly day?: string
  readonly under?: string
}

/** The newest entry of a code that matches the query; undefined if there is none. */
export function findCode(list: CodeList, code: string, { day, under }: CodeQuery = {}): Code | undefined {
  return list.byCode
    .get(code)
    ?.filter((entry) => day === undefined || validOn(entry, day))
    .filter((entry) => under === undefined || entry.under === undefined || entry.under.includes(under))
    .reduce<Code | undefined>(
      (newest, entry) =>
        newest === undefined || (entry.validFrom ?? '') > (newest.validFrom ?? '') ? entry : newest,
      undefined,
    )
}

/** Builds a list from its entries, in their order. */
export function buildCodeList(name: string, codes: readonly Code[]): CodeList {
  const byCode = new Map<string, Code[]>()
  for (const code of codes) byCode.set(code.code, [...(byCode.get(code.code) ?? []), code])
  return { name, codes, byCode }
}
