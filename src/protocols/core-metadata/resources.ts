/**
 * The core metadata of each dataset after the national guide of 2017, beside the city's own classes of sharing and opening.
 * What neither contract nor code lists know (a class of the guide, a credit code, a condition) is null, and never made up.
 */

import type { PublishedVersion } from '../../catalogue/index.ts'
import { type Contracts, findCode, type LoadedContract, labelOf } from '../../contract/index.ts'
import { dayInShanghai } from '../../platform/time.ts'
import { formatText, itemTypes, shareTypeLabel, shareWayText } from './words.ts'

export interface InformationItem {
  readonly name: string
  readonly field: string
  readonly type: string
}

/** One information resource, its elements in the order of the guide. */
export interface InformationResource {
  readonly category: string | null
  readonly name: string
  readonly code: string
  readonly provider: string
  readonly providerCode: string | null
  readonly abstract: string
  readonly format: string
  readonly shareType: string | null
  readonly shareTypeLabel: string | null
  readonly shareClass: string
  readonly shareCondition: string | null
  readonly shareWay: string
  readonly open: string | null
  readonly openClass: string
  readonly openCondition: string | null
  readonly updateCycle: string
  readonly published: string | null
  readonly related: string | null
  readonly items: readonly InformationItem[]
}

/** Sign between several values in one cell, as the guide's forms have it. */
const between = '；'

/** A dataset as an information resource. `versions` are its published ones. */
export function resourceOf(
  { contract }: LoadedContract,
  versions: readonly PublishedVersion[],
  contracts: Contracts,
): InformationResource {
  const label = (list: string, code: string) => labelOf(contracts, list, code)?.zh ?? code
  const column = (list: string, code: string, name: string) => {
    const text = findCode(contracts.codes(list), code)?.extra[name]
    return text === undefined || text === '' ? null : text
  }
  const known = (texts: readonly (string | null)[]) => texts.filter((text) => text !== null)
  const [theme = ''] = contract.themes
  const category = column('themes', theme, 'catalogue_2017')
  const shareType = column('share-classes', contract.shareClass, 'national_2017')
  const open = column('open-classes', contract.openClass, 'national_2017')
  const isConditional = column('open-classes', contract.openClass, 'condition_needed') === 'yes'
  const providerCodes = known(contract.providers.map((code) => column('providers', code, 'credit_code')))
  const days = versions.map(({ publishedAt }) => dayInShanghai(publishedAt)).sort()
  return {
    category,
    name: contract.title.zh,
    // The guide's code is a class, a slash and a number within it; the slug stands where the number would.
    code: category === null ? contract.dataset : `${category}/${contract.dataset}`,
    provider: contract.providers.map((code) => label('providers', code)).join(between),
    providerCode: providerCodes.length === contract.providers.length ? providerCodes.join(between) : null,
    abstract: contract.description.zh,
    format: formatText(contract.formats, contract.shareMethods),
    shareType,
    shareTypeLabel: shareType === null ? null : shareTypeLabel(shareType),
    shareClass: label('share-classes', contract.shareClass),
    // Contracts say no condition of sharing.
    shareCondition: null,
    shareWay: shareWayText(contracts, contract.shareMethods),
    open,
    openClass: label('open-classes', contract.openClass),
    // The terms on which data may be used are the condition on which they are open.
    openCondition: isConditional ? contract.licence.title.zh : null,
    updateCycle: label('update-frequencies', contract.updateFrequency),
    published: days[0] ?? null,
    related: null,
    items: contract.fields.map(({ name, title, type }) => ({
      name: title.zh,
      field: name,
      type: itemTypes[type],
    })),
  }
}
