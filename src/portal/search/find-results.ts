/** What a search of the portal finds, for anyone: the same as GET /v1/datasets gives to a reader without a key. */

import {
  type AppContext,
  type DatasetParameters,
  facetNames,
  latestOfDataset,
  searchDatasets,
} from '../../catalogue/index.ts'
import { type Contract, getField, labelOf } from '../../contract/index.ts'
import { anonymousCaller } from '../../platform/caller.ts'
import type { Bilingual, Language } from '../../platform/language.ts'
import { describeDataset } from '../overview.ts'
import type { PortalMatch, PortalResults } from './results.ts'

/** Cards on a page: as many as one looks through. */
const cardsMax = 20

/** Throws the problems of GET /v1/datasets. */
export async function findResults(
  context: AppContext,
  asked: DatasetParameters,
  language: Language,
): Promise<PortalResults> {
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => String(value).trim() !== ''))
  const found = await searchDatasets(context, anonymousCaller, { ...given, limit: cardsMax }, language)
  const results = []
  for (const { loaded, matches } of found.page) {
    const { contract } = loaded
    const latest = latestOfDataset(found.versionsOf(contract.dataset))
    results.push({
      dataset: await describeDataset(context, contract, latest),
      matches: matches.map(
        ({ place, field, code, text, found: words }): PortalMatch => ({
          place,
          text,
          found: words,
          ...(field === undefined ? {} : { field: getField(contract, field).title }),
          ...(code === undefined ? {} : { label: codeLabel(context, contract, code, field) }),
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
function codeLabel(
  context: AppContext,
  contract: Contract,
  code: string,
  field: string | undefined,
): Bilingual {
  const list = field === undefined ? undefined : getField(contract, field).codes
  const label = list === undefined ? undefined : labelOf(context.contracts, list, code)
  return label ?? { zh: code, en: code }
}
