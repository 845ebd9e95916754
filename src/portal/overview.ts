/** What the first page tells, gathered from the rooms that know it. What is restricted is not in it. */
import type { House } from '../catalogue/index.ts'
import { isOpen } from '../contract/index.ts'
import type { PortalOverview } from './home.ts'

/** The overview for anyone: the datasets that are open. */
export async function findOverview({ contracts }: House): Promise<PortalOverview> {
  const datasets = contracts
    .list()
    .filter(({ contract }) => isOpen(contract))
    .map(({ contract }) => ({
      slug: contract.dataset,
      title: contract.title,
      description: contract.description,
      providers: contract.providers.map((code) => {
        const [known] = contracts.codes('providers').byCode.get(code) ?? []
        return known?.label ?? { zh: code, en: code }
      }),
      synthetic: false,
      href: `/v1/datasets/${contract.dataset}`,
      contractHref: `/v1/datasets/${contract.dataset}/contracts/${contract.contractVersion}`,
    }))
  return { lists: [], datasets }
}
