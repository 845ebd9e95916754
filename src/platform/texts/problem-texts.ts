/** The texts of a problem in the language of its reader. The details are in problem-details.json, keyed by the English. */
import type { Language } from '../language.ts'
import { packageFile } from '../package-root.ts'
import { type Problem, problems } from '../problem.ts'
import { type FindPhrase, phraseFinder, readCatalogue } from './phrases.ts'

interface ProblemTexts {
  readonly title: string
  readonly hint: string
  /** One sentence about this occurrence. */
  readonly detail: string | undefined
}

/** Title, hint and detail of a problem in a language. A detail without Chinese stays English. */
export function problemTexts({ code, detail: { detail } }: Problem, language: Language): ProblemTexts {
  const { title, titleZh, hint, hintZh } = problems[code]
  return language === 'en'
    ? { title, hint, detail }
    : { title: titleZh, hint: hintZh, detail: detail === undefined ? undefined : chineseDetail(detail) }
}

let find: FindPhrase | undefined

/** The Chinese of a detail; the text itself if there is none. */
export function chineseDetail(detail: string): string {
  find ??= phraseFinder(readCatalogue(packageFile('src/platform/texts/problem-details.json')))
  return find(detail) ?? detail
}
