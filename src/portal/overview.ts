/** Gathers the content of the home page. Restricted datasets are left out. */

import { listAnnualLists } from '../annual-lists/index.ts'
import {
  type AppContext,
  addresses,
  isSynthetic,
  latestOfDataset,
  listDistributions,
  listReadable,
  listVersions,
  type PublishedVersion,
} from '../catalogue/index.ts'
import { type Contract, labelOf } from '../contract/index.ts'
import { anonymousCaller } from '../platform/caller.ts'
import { dayInShanghai } from '../platform/time.ts'
import type { PortalDataset } from './datasets/card.ts'
import type { PortalList, PortalOverview } from './home.ts'

/** The public overview: the annual lists with their states, and the open datasets. */
export async function findOverview(context: AppContext): Promise<PortalOverview> {
  const versions = await listVersions(context.database)
  const datasets: PortalDataset[] = []
  for (const { contract } of listReadable(context.contracts, anonymousCaller)) {
    const own = versions.filter((version) => version.dataset === contract.dataset)
    datasets.push(await describeDataset(context, contract, latestOfDataset(own)))
  }
  return { lists: await describeLists(context), datasets }
}

async function describeLists(context: AppContext): Promise<readonly PortalList[]> {
  return (await listAnnualLists(context, anonymousCaller)).map(({ year, rates, sources }) => {
    const href = addresses(context.config).list(year)
    return {
      year,
      counts: rates.states,
      synthetic: sources.some(({ version }) => isSynthetic(version)),
      href,
      csvHref: `${href}.csv`,
    }
  })
}

/** The content of a dataset's card. `latest` is its latest version, if any. */
export async function describeDataset(
  context: AppContext,
  contract: Contract,
  latest: PublishedVersion | undefined,
): Promise<PortalDataset> {
  const at = addresses(context.config)
  const title = (code: string) => labelOf(context.contracts, 'providers', code) ?? { zh: code, en: code }
  const dataset = {
    slug: contract.dataset,
    title: contract.title,
    description: contract.description,
    providers: contract.providers.map(title),
    synthetic: latest !== undefined && isSynthetic(latest),
    pageHref: at.page(contract.dataset),
    href: at.dataset(contract.dataset),
    contractHref: at.contract(contract.dataset, contract.contractVersion),
  }
  if (latest === undefined) return dataset
  const files = await listDistributions(context.database, latest.id)
  return {
    ...dataset,
    latest: {
      edition: latest.edition,
      version: latest.number,
      records: latest.records,
      updated: dayInShanghai(latest.publishedAt),
      recordsHref: at.records(contract.dataset),
      files: files.map((file) => ({
        label: file.format.toUpperCase(),
        bytes: file.bytes,
        href: at.file(latest, file.name),
      })),
    },
  }
}
