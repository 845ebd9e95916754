/** Texts in the two languages of the house. */

/** A text in Chinese and English; both are always there. */
export interface Bilingual {
  readonly zh: string
  readonly en: string
}

export type Language = keyof Bilingual
