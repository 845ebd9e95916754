/**
 * The core metadata of each dataset according to the national guide of 2017, with the city's own sharing and
 * open classes. What neither the contract nor the code lists state (a class, a credit code, a condition) is
 * null.
 */

import type { PublishedVersion } from '../../catalogue/index.ts'

import { type Contracts, findCode, type LoadedContract, labelOf } from '../../contract/index.ts'
import { dayInShanghai } from '../../platform/time.ts'
import { formatText, itemTypes, shareTypeLabel, shareWayText } from './guide-labels.ts'

export interface InformationItem {
  readonly name: string
  readonly field: string
  readonly type: string
}

/** One information resource, its elements in the guide's order. */
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

/** Separator of several values in one cell, as in the guide's forms. */
const separator = '；'

/** Describes a dataset as an information resource. `versions` are its published ones. */
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
    // The guide's code is a class, a slash and a number within the class; the slug takes the number's place.
    code: category === null ? contract.dataset : `${category}/${contract.dataset}`,
    provider: contract.providers.map((code) => label('providers', code)).join(separator),
    providerCode: providerCodes.length === contract.providers.length ? providerCodes.join(separator) : null,
    abstract: contract.description.zh,
    format: formatText(contract.formats, contract.shareMethods),
    shareType,
    shareTypeLabel: shareType === null ? null : shareTypeLabel(shareType),
    shareClass: label('share-classes', contract.shareClass),
    // Contracts have no sharing condition.
    shareCondition: null,
    shareWay: shareWayText(contracts, contract.shareMethods),
    open,
    openClass: label('open-classes', contract.openClass),
    // The licence is the condition under which the data are open.
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
