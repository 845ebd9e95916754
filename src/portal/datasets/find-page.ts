/** Gathers the content of a dataset's page. Only open datasets have a page. */

import {
  type AppContext,
  addresses,
  getReadable,
  isSynthetic,
  latestOf,
  latestOfDataset,
  listDistributions,
  listVersions,
} from '../../catalogue/index.ts'
import { labelOf, sourceOf } from '../../contract/index.ts'
import { anonymousCaller } from '../../platform/caller.ts'
import { dayInShanghai } from '../../platform/time.ts'
import { describeDataset } from '../overview.ts'
import { type SchemaOrgSite, schemaDataset } from '../schema-org.ts'
import type { PortalDatasetPage, PortalEdition } from './page.ts'

/** The content of the page, and its schema.org data. Throws `dataset-not-found`. */
export async function findDatasetPage(
  context: AppContext,
  slug: string,
  site: SchemaOrgSite,
): Promise<{ readonly content: PortalDatasetPage; readonly data: object }> {
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
    const own = versions.filter((candidate) => candidate.edition === edition)
    const current = latestOf(own)
    const last = current ?? own[0]
    return {
      edition,
      updated: last === undefined ? '' : dayInShanghai(last.publishedAt),
      href: at.edition(slug, edition),
      synthetic: last !== undefined && isSynthetic(last),
      ...(current === undefined ? {} : { version: current.number, records: current.records }),
    }
  })
  const { updateFrequency: code } = contract
  const content = {
    dataset: await describeDataset(context, contract, version),
    rhythm: labelOf(context.contracts, 'update-frequencies', code) ?? { zh: code, en: code },
    licence: contract.licence.title,
    source: sourceOf(contract, version !== undefined && isSynthetic(version)),
    editions,
    fields: contract.fields,
  }
  return { content, data: schemaDataset(contract, latest, site) }
}
