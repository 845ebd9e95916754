/** `qingdan codes list`: the code lists that contracts use, or the codes of one. */
import { codeListsOf, validOn } from '../../contract/index.ts'
import { defined } from '../../platform/defined.ts'
import { isDay } from '../../platform/time.ts'
import { type Common, UsageError } from '../command.ts'
import { loadCurrentContracts } from '../load-contracts.ts'
import { loadSettings } from '../load-settings.ts'
import { print, table } from '../output.ts'
import { phrase } from '../phrases.ts'

export interface ListOptions extends Common {
  readonly day?: string
}

/** Prints the code lists, or the codes of one. Throws UsageError for an unknown list or an invalid day. */
export async function list(name: string | undefined, options: ListOptions): Promise<void> {
  const { day } = options
  if (day !== undefined && !isDay(day))
    throw new UsageError(phrase('--day must be a day such as 2026-03-01.'))
  const contracts = await loadCurrentContracts(loadSettings(process.env))
  const names = codeListsOf(contracts.list().flatMap(({ contract }) => contracts.versions(contract.dataset)))
  const codesOf = (list: string) =>
    contracts.codes(list).codes.filter((code) => day === undefined || validOn(code, day))
  if (name === undefined) {
    const rows = names.map((list) => ({ list, codes: codesOf(list).length }))
    return print.result(options, rows, () => table(rows, ['list', 'codes']))
  }
  if (!names.includes(name)) throw new UsageError(phrase`The code list must be one of ${names.join(', ')}.`)
  const rows = codesOf(name).map(({ code, label, validFrom, validUntil, replacedBy }) => ({
    code,
    ...label,
    ...defined({ validFrom, validUntil, replacedBy }),
  }))
  const dated = (['validFrom', 'validUntil', 'replacedBy'] as const).filter((column) =>
    rows.some((row) => row[column] !== undefined),
  )
  print.result(options, rows, () => table(rows, ['code', 'zh', 'en', ...dated]))
}
