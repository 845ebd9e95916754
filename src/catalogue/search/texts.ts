/**
 * The searchable texts of a dataset: those of its contract and the labels of its codes, each with its place.
 * Pure; it reads no records, so it reveals nothing of unpublished rows.
 */

import { type Contract, type Contracts, codesOf, labelOf } from '../../contract/index.ts'
import type { Bilingual } from '../../platform/language.ts'

/**
 * The places of a text, with the weight of a match there. A title says what a dataset is; the description of
 * a field also mentions other subjects.
 */
export const places = {
  title: 12,
  slug: 8,
  keyword: 7,
  theme: 4,
  provider: 4,
  field: 3,
  description: 2.5,
  code: 2,
  'field-description': 1,
} as const

export type SearchPlace = keyof typeof places

export const placeNames = Object.keys(places) as readonly SearchPlace[]

/** Texts of the same meaning, in the order of preference for an excerpt. */
export interface SearchedText {
  readonly place: SearchPlace
  /** Name of the field that the text belongs to. */
  readonly field?: string
  /** The code, if the texts are its labels. */
  readonly code?: string
  readonly texts: readonly string[]
}

/** Searchable labels per code list: a list of every village would outweigh the datasets' own texts. */
export const labelsMax = 1_000

/** All searchable texts of a dataset. */
export function searchedTexts(contract: Contract, contracts: Contracts): readonly SearchedText[] {
  const labels = (place: SearchPlace, list: string, codes: readonly string[]): readonly SearchedText[] =>
    codes.map((code) => ({ place, code, texts: [...both(labelOf(contracts, list, code)), code] }))
  return [
    { place: 'title', texts: both(contract.title) },
    { place: 'slug', texts: [contract.dataset] },
    ...contract.keywords.map((keyword): SearchedText => ({ place: 'keyword', texts: both(keyword) })),
    ...labels('theme', 'themes', contract.themes),
    ...labels('provider', 'providers', contract.providers),
    ...contract.fields.map(
      ({ name, title, aliases = [] }): SearchedText => ({
        place: 'field',
        field: name,
        texts: [...both(title), name, ...aliases],
      }),
    ),
    { place: 'description', texts: both(contract.description) },
    ...codeTexts(contract, contracts),
    ...contract.fields.map(
      ({ name, description }): SearchedText => ({
        place: 'field-description',
        field: name,
        texts: both(description),
      }),
    ),
  ]
}

/** The labels of each code list once, under the first field that uses it. */
function codeTexts(contract: Contract, contracts: Contracts): readonly SearchedText[] {
  const first = contract.fields.filter(
    ({ codes }, index) =>
      codes !== undefined && contract.fields.findIndex((other) => other.codes === codes) === index,
  )
  return first.flatMap((field) =>
    (codesOf(contracts, field) ?? []).slice(0, labelsMax).map(
      ({ code, label }): SearchedText => ({
        place: 'code',
        field: field.name,
        code,
        texts: [...both(label), code],
      }),
    ),
  )
}

function both(text: Bilingual | undefined): readonly string[] {
  return text === undefined ? [] : [text.zh, text.en]
}
