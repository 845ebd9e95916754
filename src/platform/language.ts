/** Texts in the two languages of the service. */

/** A text in Chinese and English; both are required. */
export interface Bilingual {
  readonly zh: string
  readonly en: string
}

export type Language = keyof Bilingual

/** A text in one language, or in both if none is chosen, Chinese first. */
export function inLanguage(text: Bilingual, language: Language | undefined, between = ' '): string {
  return language === undefined ? `${text.zh}${between}${text.en}` : text[language]
}
