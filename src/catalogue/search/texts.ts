/**
 * What of a dataset is searched: the texts of its contract and the labels of its codes, each with its place. Pure;
 * it reads no records, and of raw rows that are not published it tells nothing.
 */

import { type Contract, type Contracts, codesOf, labelOf } from '../../contract/index.ts'
import type { Bilingual } from '../../platform/language.ts'

/**
 * Where a text stands, with the weight of a hit there. A title says what a dataset is; a description of a field
 * mentions much that it is not.
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

/** Texts that say the same thing, in the order in which a match is shown. */
export interface SearchedText {
  readonly place: SearchPlace
  /** Name of the field that the text belongs to. */
  readonly field?: string
  /** The code, where the texts are its labels. */
  readonly code?: string
  readonly texts: readonly string[]
}

/** Labels of one code list that are searched: a list of every village would drown what the datasets say themselves. */
export const labelsMax = 1_000

/** All texts by which a dataset is found. */
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

/** The labels of the code lists, each list once, under the first field that uses it. */
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
