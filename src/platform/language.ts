/** Texts in the two languages of the service. */
import type { BilingualSchema, Shape } from './shape.ts'

/** A text in Chinese and English; both are required. */
export type Bilingual = Shape<typeof BilingualSchema>

export type Language = keyof Bilingual

/** A text in one language, or in both if none is chosen, Chinese first. */
export function inLanguage(text: Bilingual, language: Language | undefined, between = ' '): string {
  return language === undefined ? `${text.zh}${between}${text.en}` : text[language]
}
