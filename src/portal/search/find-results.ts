/** Search results of the portal: the same as GET /v1/datasets without a key. */

import {
  type AppContext,
  type DatasetParameters,
  facetNames,
  latestOfDataset,
  searchDatasets,
} from '../../catalogue/index.ts'
import { type Contract, getField, labelOf } from '../../contract/index.ts'
import { anonymousCaller } from '../../platform/caller.ts'
import { defined } from '../../platform/defined.ts'
import type { Bilingual, Language } from '../../platform/language.ts'
import { describeDataset } from '../datasets/describe.ts'
import type { PortalMatch, PortalResults } from './results.tsx'

/** Cards on a page of results. */
const cardsMax = 20

/** Finds the results. Throws the problems of GET /v1/datasets. */
export async function findResults(
  context: AppContext,
  parameters: DatasetParameters,
  language: Language,
): Promise<PortalResults> {
  const filled = Object.fromEntries(
    Object.entries(parameters).filter(([, value]) => String(value).trim() !== ''),
  )
  const found = await searchDatasets(context, anonymousCaller, { ...filled, limit: cardsMax }, language)
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
    ...defined({ next: found.next }),
  }
}

/** The label of a field's code. Themes and providers need none: their matched text is the label. */
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
