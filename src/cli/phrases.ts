/**
 * The language of the command line and its texts. `--lang` chooses it, else LC_ALL, LC_MESSAGES or LANG. Chinese texts
 * are in chinese.json, keyed by the English text; a test reports those that are missing.
 */
import type { Language } from '../platform/language.ts'
import { packageFile } from '../platform/package-root.ts'
import {
  type Catalogue,
  type FindPhrase,
  fillPhrase,
  phraseFinder,
  readCatalogue,
} from '../platform/texts/phrases.ts'

let chosen: Language | undefined

/** Sets the language of `--lang`; undefined leaves it to the environment. */
export function chooseLanguage(language: Language | undefined): void {
  chosen = language
}

/** The language of texts for people; English unless Chinese is asked for. */
export function languageInUse(): Language {
  const { LC_ALL, LC_MESSAGES, LANG } = process.env
  // POSIX, 8.2: the first of these that is set and not empty.
  return chosen ?? (/^zh/i.test(LC_ALL || LC_MESSAGES || LANG || '') ? 'zh' : 'en')
}

let loaded: Catalogue | undefined

/** The Chinese texts of the command line, read once, when one is needed. */
export function chineseTexts(): Catalogue {
  loaded ??= readCatalogue(packageFile('src/cli/chinese.json'))
  return loaded
}

/**
 * A text in the language in use: phrase`${count} rows`, or phrase('No rows.'). Texts without Chinese stay English.
 */
export function phrase(text: TemplateStringsArray | string, ...values: readonly unknown[]): string {
  const key = typeof text === 'string' ? text : text.join('{}')
  const template = languageInUse() === 'zh' ? (chineseTexts()[key] ?? key) : key
  return fillPhrase(
    template,
    values.map((value) => String(value)),
  )
}

/** The heading of a column of a table: in English its name, as in JSON. */
export function heading(column: string): string {
  return languageInUse() === 'zh' ? (chineseTexts()[`[${column}]`] ?? column) : column
}

let find: FindPhrase | undefined

/**
 * A finished line in the language in use. Of a line in columns, which has no Chinese as a whole, each column is looked
 * up; indentation stays.
 */
export function localised(line: string): string {
  if (languageInUse() === 'en') return line
  find ??= phraseFinder(chineseTexts())
  const known = find
  return line
    .split('\n')
    .map((one) => {
      const text = one.trimStart()
      const chinese = known(text) ?? text.replace(/\S(?:(?! {2}).)*/g, (column) => known(column) ?? column)
      return one.slice(0, one.length - text.length) + chinese
    })
    .join('\n')
}
