/** Gathers the content of the home page. Restricted datasets are left out. */

import { listAnnualLists } from '../../annual-lists/index.ts'
import {
  type AppContext,
  addresses,
  isSynthetic,
  latestOfDataset,
  listReadable,
  listVersions,
} from '../../catalogue/index.ts'
import { anonymousCaller } from '../../platform/caller.ts'
import { findChanges } from '../changes/find-changes.ts'
import type { PortalDataset } from '../datasets/card.tsx'
import { describeDataset } from '../datasets/describe.ts'
import type { PortalList, PortalOverview } from './page.tsx'

/** Changes on the home page. */
const newsMax = 6

/** What is new in the data; promises are above them. */
const newsKinds = ['version-published', 'version-corrected', 'version-withdrawn'] as const

/** The public overview: the annual lists with their states, the open datasets, and what is new. */
export async function findOverview(context: AppContext): Promise<PortalOverview> {
  const versions = await listVersions(context.database)
  const datasets: PortalDataset[] = []
  for (const { contract } of listReadable(context.contracts, anonymousCaller)) {
    const own = versions.filter((version) => version.dataset === contract.dataset)
    datasets.push(await describeDataset(context, contract, latestOfDataset(own)))
  }
  // Without a version there is no change to show.
  const changes =
    versions.length === 0 ? [] : await findChanges(context, { kinds: newsKinds, limit: newsMax })
  return { lists: await describeLists(context), datasets, changes }
}

async function describeLists(context: AppContext): Promise<readonly PortalList[]> {
  return (await listAnnualLists(context, anonymousCaller)).map(({ year, rates, sources }) => ({
    year,
    counts: rates.states,
    completion: rates.completion,
    onTime: rates.onTime,
    synthetic: sources.some(({ version }) => isSynthetic(version)),
    href: addresses(context.config).list(year),
  }))
}
