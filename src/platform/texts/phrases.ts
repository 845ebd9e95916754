/**
 * Catalogues of Chinese texts, keyed by the English ones. Where a text has values, the key has `{}` for each in order;
 * the Chinese text has `{}` in the same order, or `{2}` for the second value.
 */
import { readFileSync } from 'node:fs'

export type Catalogue = Readonly<Record<string, string>>

/** Reads a catalogue from a JSON file. */
export function readCatalogue(path: string): Catalogue {
  return JSON.parse(readFileSync(path, 'utf8')) as Catalogue
}

/** Puts values into a text of a catalogue. */
export function fillPhrase(text: string, values: readonly string[]): string {
  let next = 0
  return text.replace(/\{(\d*)\}/g, (_all, digits: string) => {
    const index = digits === '' ? next++ : Number(digits) - 1
    return values[index] ?? ''
  })
}

/** Finds the Chinese of texts whose values are filled in already; undefined if the catalogue has none. */
export type FindPhrase = (text: string) => string | undefined

/**
 * Prepares a catalogue for finished texts. Of several keys that fit, the one with the most letters of its own is used;
 * values that are texts of the catalogue themselves, such as `3 rows`, are Chinese too.
 */
export function phraseFinder(catalogue: Catalogue): FindPhrase {
  const patterns = Object.entries(catalogue)
    .filter(([key]) => key.includes('{}'))
    .map(([key, chinese]) => ({ key, pattern: patternOf(key), chinese }))
    .sort((one, other) => ownLength(other.key) - ownLength(one.key))
  const find: FindPhrase = (text) => {
    const whole = catalogue[text]
    if (whole !== undefined) return whole
    for (const { pattern, chinese } of patterns) {
      const found = pattern.exec(text)
      if (found === null) continue
      return fillPhrase(
        chinese,
        found.slice(1).map((value) => find(value) ?? value),
      )
    }
    return undefined
  }
  return find
}

const ownLength = (key: string) => key.replaceAll('{}', '').length

function patternOf(key: string): RegExp {
  const parts = key.split('{}').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('(.*?)')}$`, 's')
}
