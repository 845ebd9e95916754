/**
 * Several values in one parameter, written as one line of CSV: `a,b,"c, d"`. Refuses empty values, unclosed
 * quotes and too many values.
 */
import { problem } from '../../platform/problem.ts'

/** Most values in one list. Whoever needs more should download the whole file. */
export const valuesMax = 1_000

/** One value and the comma or end after it. A quote is special only at the beginning of a value. */
const element = /\s*(?:"((?:[^"]|"")*)"\s*|([^",][^,]*)|())(,|$)/y

/** The values of a list, trimmed. Throws `parameter-invalid` under the parameter's name. */
export function parseValues(name: string, text: string): readonly string[] {
  const refuse = (detail: string) => problem('parameter-invalid', { path: name, detail })
  const values: string[] = []
  element.lastIndex = 0
  for (let more = true; more; ) {
    const match = element.exec(text)
    if (match === null) throw refuse('Close the double quotes, and put a comma after them.')
    const value = (match[1]?.replaceAll('""', '"') ?? match[2] ?? '').trim()
    if (value === '') throw refuse('Separate values by one comma; none of them may be empty.')
    if (values.push(value) > valuesMax) throw refuse(`At most ${valuesMax} values.`)
    more = match[4] === ','
  }
  return values
}

/** Writes values as a list that `parseValues` reads back, with quotes only where needed. */
export function writeValues(values: readonly string[]): string {
  return values.map((value) => (/^"|,/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')
}
