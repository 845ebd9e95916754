/**
 * The options of CSV for people: header, language, BOM, encoding and the Excel variant. Refuses unknown
 * values, contradictions, and any of these options on a response that is not CSV.
 */

import type { Language } from '../../platform/language.ts'
import { problem } from '../../platform/problem.ts'

export interface CsvSwitches {
  readonly header?: 'names' | 'labels'
  readonly lang?: Language
  readonly bom?: '1'
  readonly encoding?: 'utf-8' | 'gb18030'
  readonly variant?: 'excel'
}

/** The options and the values of each. */
export const csvSwitches = {
  header: ['names', 'labels'],
  lang: ['zh', 'en'],
  bom: ['1'],
  encoding: ['utf-8', 'gb18030'],
  variant: ['excel'],
} as const satisfies { readonly [Name in keyof Required<CsvSwitches>]: readonly string[] }

export const csvSwitchNames = Object.keys(csvSwitches) as readonly (keyof CsvSwitches)[]

/** Reads the CSV options among the parameters. Throws `parameter-invalid` naming the option. */
export function parseCsvSwitches(own: Readonly<Partial<Record<string, string>>>): CsvSwitches {
  const switches: Partial<Record<keyof CsvSwitches, string>> = {}
  for (const name of csvSwitchNames) {
    const value = own[name]
    if (value === undefined) continue
    const allowed: readonly string[] = csvSwitches[name]
    if (!allowed.includes(value)) throw refuse(name, `Expected ${allowed.join(' or ')}.`)
    switches[name] = value
  }
  const { bom, encoding } = switches
  if (bom !== undefined && encoding === 'gb18030') {
    throw refuse('bom', 'A byte order mark is for UTF-8; GB18030 has none.')
  }
  return switches as CsvSwitches
}

/** Throws `parameter-invalid` if an option of CSV alone is given, for responses that are not CSV; all have a language. */
export function refuseSwitches(switches: CsvSwitches): void {
  const first = Object.keys(switches).find((name) => name !== 'lang')
  if (first !== undefined) throw refuse(first, 'Only CSV has this option: request records.csv.')
}

function refuse(path: string, detail: string) {
  return problem('parameter-invalid', { path, detail })
}
