/**
 * The schema.org data of pages for search engines (https://schema.org/Dataset): the catalogue on the home
 * page, a dataset with its files on its page. URLs are absolute, since the data are used without the page.
 */

import { addresses, isSynthetic, type PublishedVersion } from '../catalogue/index.ts'
import { type Contract, type Contracts, labelOf, type StoredDistribution } from '../contract/index.ts'
import { defined } from '../platform/defined.ts'
import type { Language } from '../platform/language.ts'

/** What schema.org data say of synthetic samples. */
const syntheticStatus = { zh: '合成样例，并非真实数据', en: 'Synthetic sample, not real data' } as const

const names = { zh: '教育数据开放清单', en: 'Open education data' } as const

export interface SchemaOrgSite {
  readonly contracts: Contracts
  /** Base of all URLs. */
  readonly base: string
  readonly language: Language
}

/** The catalogue with the datasets of these contracts; `samples` are the slugs of those whose latest data are synthetic. */
export function dataCatalog(
  contracts: readonly Contract[],
  { base, language }: SchemaOrgSite,
  samples: ReadonlySet<string> = new Set(),
): object {
  const at = addresses({ QINGDAN_PUBLIC_URL: base })
  return {
    '@context': 'https://schema.org',
    '@type': 'DataCatalog',
    '@id': `${base}/`,
    url: `${base}/`,
    name: names[language],
    inLanguage: ['zh', 'en'],
    dataset: contracts.map(({ dataset, title, description, licence }) => ({
      '@type': 'Dataset',
      '@id': at.page(dataset),
      url: at.page(dataset),
      name: title[language],
      description: description[language],
      license: licence.url ?? licence.title[language],
      ...(samples.has(dataset) ? { creativeWorkStatus: syntheticStatus[language] } : {}),
    })),
  }
}

interface LatestVersion {
  readonly version: PublishedVersion
  readonly files: readonly StoredDistribution[]
}

/** A dataset, with the files of its latest version, if any. */
export function schemaDataset(
  contract: Contract,
  latest: LatestVersion | undefined,
  site: SchemaOrgSite,
): object {
  const { contracts, base, language } = site
  const at = addresses({ QINGDAN_PUBLIC_URL: base })
  const { dataset, title, description, licence } = contract
  const organisations = contract.providers.map((code) => ({
    '@type': 'GovernmentOrganization',
    name: labelOf(contracts, 'providers', code)?.[language] ?? code,
  }))
  return {
    '@context': 'https://schema.org',
    '@type': 'Dataset',
    '@id': at.page(dataset),
    url: at.page(dataset),
    identifier: at.dataset(dataset),
    name: title[language],
    alternateName: title[language === 'zh' ? 'en' : 'zh'],
    description: description[language],
    keywords: contract.keywords.map((keyword) => keyword[language]),
    license: licence.url ?? licence.title[language],
    isAccessibleForFree: true,
    creator: organisations,
    publisher: organisations[0],
    includedInDataCatalog: {
      '@type': 'DataCatalog',
      '@id': `${base}/`,
      url: `${base}/`,
      name: names[language],
    },
    variableMeasured: contract.fields.map((field) => ({
      '@type': 'PropertyValue',
      name: field.title[language],
      alternateName: field.name,
      description: field.description[language],
      ...defined({ unitText: field.unit }),
    })),
    ...(latest === undefined ? {} : aboutLatest(latest, site)),
  }
}

function aboutLatest({ version, files }: LatestVersion, { base, language }: SchemaOrgSite): object {
  // Each file carries it too, since search engines list files by themselves.
  const status = isSynthetic(version) ? { creativeWorkStatus: syntheticStatus[language] } : {}
  const at = addresses({ QINGDAN_PUBLIC_URL: base })
  return {
    temporalCoverage: `${version.periodStart}/${version.periodEnd}`,
    version: `${version.edition} v${version.number}`,
    dateModified: version.publishedAt.toISOString(),
    ...status,
    distribution: files.map((file) => ({
      '@type': 'DataDownload',
      name: file.name,
      contentUrl: at.file(version, file.name),
      encodingFormat: file.mediaType.split(';', 1)[0],
      contentSize: `${file.bytes} B`,
      sha256: file.digest,
      ...status,
    })),
  }
}
