/** Code lists: the codes that a field may hold, with labels and the time in which each is valid. */
import type { Bilingual } from '../../platform/language.ts'

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

/** What narrows a look-up: a day of validity, and in a dependent list the code it stands under. */
export interface CodeQuery {
  readonly day?: string
  readonly under?: string
}

/** The entry of a code, the newest where several are left; undefined where the list does not have it so. */
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

/** Makes a list of its entries, which keep their order. */
export function buildCodeList(name: string, codes: readonly Code[]): CodeList {
  const byCode = new Map<string, Code[]>()
  for (const code of codes) byCode.set(code.code, [...(byCode.get(code.code) ?? []), code])
  return { name, codes, byCode }
}
