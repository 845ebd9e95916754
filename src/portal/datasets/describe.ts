/** What cards and pages show of a dataset: title, providers, latest version with its files. */
import {
  type AppContext,
  addresses,
  isSynthetic,
  listDistributions,
  type PublishedVersion,
} from '../../catalogue/index.ts'
import { type Contract, labelOf } from '../../contract/index.ts'
import { defined } from '../../platform/defined.ts'
import { dayInShanghai } from '../../platform/time.ts'
import type { PortalDataset, PortalFile } from './card.tsx'

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
    ...defined({ kind: contract.kind?.name }),
    href: at.dataset(contract.dataset),
    contractHref: at.contract(contract.dataset, contract.contractVersion),
  }
  if (latest === undefined) return dataset
  return {
    ...dataset,
    latest: {
      edition: latest.edition,
      version: latest.number,
      records: latest.records,
      updated: dayInShanghai(latest.publishedAt),
      recordsHref: at.records(contract.dataset),
      files: await listFiles(context, latest),
    },
  }
}

/** The order of files for people: a spreadsheet first. */
const order = ['xlsx', 'csv', 'csv.gz', 'json', 'ndjson', 'parquet', 'geojson', 'sdmx.csv', 'zip']

/** The files of a version, those that most people want first. `preview` is the token of a draft. */
export async function listFiles(
  { database, config }: Pick<AppContext, 'database' | 'config'>,
  version: Pick<PublishedVersion, 'id' | 'dataset' | 'edition' | 'number'>,
  preview?: string,
): Promise<readonly PortalFile[]> {
  const files = await listDistributions(database, version.id)
  const rank = (format: string) => (order.includes(format) ? order.indexOf(format) : order.length)
  const token = preview === undefined ? '' : `?preview=${encodeURIComponent(preview)}`
  return files
    .map(({ format, name, bytes, digest }) => {
      const href = `${addresses(config).file(version, name)}${token}`
      return { format, name, bytes, digest, href }
    })
    .sort((a, b) => rank(a.format) - rank(b.format))
}
