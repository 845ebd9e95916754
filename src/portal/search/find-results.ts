/** What a search of the portal finds, for anyone: the same as GET /v1/datasets gives to a reader without a key. */

import {
  type DatasetParameters,
  facetNames,
  type House,
  latestOfDataset,
  searchDatasets,
} from '../../catalogue/index.ts'
import { type Contract, getField, labelOf } from '../../contract/index.ts'
import { anonymous } from '../../platform/caller.ts'
import type { Bilingual, Language } from '../../platform/language.ts'
import { describeDataset } from '../overview.ts'
import type { PortalMatch, PortalResults } from './results.ts'

/** Cards on a page: as many as one looks through. */
const cardsMax = 20

/** Throws the problems of GET /v1/datasets. */
export async function findResults(
  house: House,
  asked: DatasetParameters,
  language: Language,
): Promise<PortalResults> {
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => String(value).trim() !== ''))
  const found = await searchDatasets(house, anonymous, { ...given, limit: cardsMax }, language)
  const results = []
  for (const { loaded, matches } of found.page) {
    const { contract } = loaded
    const latest = latestOfDataset(found.versionsOf(contract.dataset))
    results.push({
      dataset: await describeDataset(house, contract, latest),
      matches: matches.map(
        ({ place, field, code, text, found: words }): PortalMatch => ({
          place,
          text,
          found: words,
          ...(field === undefined ? {} : { field: getField(contract, field).title }),
          ...(code === undefined ? {} : { label: codeLabel(house, contract, code, field) }),
        }),
      ),
    })
  }
  return {
    question: found.query.question ?? '',
    total: found.total,
    results,
    facets: facetNames.map((name) => ({ name, values: found.facets[name] })),
    readAs: found.readAs,
    ...(found.next === undefined ? {} : { next: found.next }),
  }
}

/** What a code of a field is called; of a theme or provider the text that was found says it already. */
function codeLabel(house: House, contract: Contract, code: string, field: string | undefined): Bilingual {
  const list = field === undefined ? undefined : getField(contract, field).codes
  const label = list === undefined ? undefined : labelOf(house.contracts, list, code)
  return label ?? { zh: code, en: code }
}
