/** What the page of a dataset tells, gathered for anyone: a dataset that is not open has no page. */

import {
  type AppContext,
  addresses,
  getReadable,
  latestOf,
  latestOfDataset,
  listDistributions,
  listVersions,
} from '../../catalogue/index.ts'
import { labelOf } from '../../contract/index.ts'
import { anonymousCaller } from '../../platform/caller.ts'
import { dayInShanghai } from '../../platform/time.ts'
import { describeDataset } from '../overview.ts'
import { type SchemaOrgNode, schemaDataset } from '../schema-org.ts'
import type { PortalDatasetPage, PortalEdition } from './page.ts'

/** The page's content, and what it says to machines. Throws `dataset-not-found`. */
export async function findDatasetPage(
  context: AppContext,
  slug: string,
  said: SchemaOrgNode,
): Promise<{ readonly shown: PortalDatasetPage; readonly data: object }> {
  const { contract } = getReadable(context.contracts, anonymousCaller, slug)
  const versions = await listVersions(context.database, { dataset: slug })
  const version = latestOfDataset(versions)
  const latest =
    version === undefined
      ? undefined
      : { version, files: await listDistributions(context.database, version.id) }
  const at = addresses(context.config)
  const names = [...new Set(versions.map(({ edition }) => edition))]
  const editions = names.map((edition): PortalEdition => {
    const own = versions.filter((one) => one.edition === edition)
    const standing = latestOf(own)
    const last = standing ?? own[0]
    return {
      edition,
      updated: last === undefined ? '' : dayInShanghai(last.publishedAt),
      href: at.edition(slug, edition),
      ...(standing === undefined ? {} : { version: standing.number, records: standing.records }),
    }
  })
  const { updateFrequency: code } = contract
  const shown = {
    dataset: await describeDataset(context, contract, version),
    rhythm: labelOf(context.contracts, 'update-frequencies', code) ?? { zh: code, en: code },
    licence: contract.licence.title,
    source: contract.source,
    editions,
    fields: contract.fields,
  }
  return { shown, data: schemaDataset(contract, latest, said) }
}
