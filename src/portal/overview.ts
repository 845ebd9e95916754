/** What the first page tells, gathered from the rooms that know it. What is restricted is not in it. */

import { listAnnualLists } from '../annual-lists/index.ts'
import {
  addresses,
  type House,
  isSynthetic,
  latestOfDataset,
  listDistributions,
  listReadable,
  listVersions,
  type PublishedVersion,
} from '../catalogue/index.ts'
import { type Contract, labelOf } from '../contract/index.ts'
import { anonymous } from '../platform/caller.ts'
import { dayInShanghai } from '../platform/time.ts'
import type { PortalDataset } from './datasets/card.ts'
import type { PortalList, PortalOverview } from './home.ts'

/** The overview for anyone: the annual lists with their states, and the datasets that are open. */
export async function findOverview(house: House): Promise<PortalOverview> {
  const versions = await listVersions(house.database)
  const datasets: PortalDataset[] = []
  for (const { contract } of listReadable(house.contracts, anonymous)) {
    const own = versions.filter((version) => version.dataset === contract.dataset)
    datasets.push(await describeDataset(house, contract, latestOfDataset(own)))
  }
  return { lists: await describeLists(house), datasets }
}

async function describeLists(house: House): Promise<readonly PortalList[]> {
  return (await listAnnualLists(house, anonymous)).map(({ year, rates, sources }) => {
    const href = addresses(house.config).list(year)
    return {
      year,
      counts: rates.states,
      synthetic: sources.some(({ version }) => isSynthetic(version)),
      href,
      csvHref: `${href}.csv`,
    }
  })
}

/** A dataset as its card shows it. `latest` is the version that stands for it, if there is one. */
export async function describeDataset(
  house: House,
  contract: Contract,
  latest: PublishedVersion | undefined,
): Promise<PortalDataset> {
  const at = addresses(house.config)
  const title = (code: string) => labelOf(house.contracts, 'providers', code) ?? { zh: code, en: code }
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
  const files = await listDistributions(house.database, latest.id)
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
