/** Gathers the content of a dataset's page. Only open datasets have a page. */

import {
  type AppContext,
  isSynthetic,
  latestOfDataset,
  listDistributions,
  listVersions,
  type PublishedVersion,
} from '../../catalogue/index.ts'
import { type Contract, type LoadedContract, labelOf, sourceOf } from '../../contract/index.ts'
import type { Bilingual } from '../../platform/language.ts'
import { findRows, type RowsPage } from '../explorer/find-rows.ts'
import { type SchemaOrgSite, schemaDataset } from '../schema-org.ts'
import type { PortalDataset } from './card.tsx'
import { describeDataset } from './describe.ts'

export interface DatasetPage {
  readonly contract: Contract
  readonly dataset: PortalDataset
  readonly rhythm: Bilingual
  readonly openClass: Bilingual
  readonly source: Bilingual
  readonly latest: PublishedVersion | undefined
  /** All versions, the newest edition and version first. */
  readonly versions: readonly PublishedVersion[]
  /** The contract of the latest version. */
  readonly read: Contract
  /** The first rows of the latest version. */
  readonly preview: RowsPage | undefined
  /** Schema.org data. */
  readonly data: object
}

/** Rows of the preview on the page. */
const previewRows = 5

/** The content of the page. */
export async function findDatasetPage(
  context: AppContext,
  loaded: LoadedContract,
  site: SchemaOrgSite,
): Promise<DatasetPage> {
  const { contract } = loaded
  const versions = await listVersions(context.database, { dataset: contract.dataset })
  const latest = latestOfDataset(versions)
  const files = latest === undefined ? [] : await listDistributions(context.database, latest.id)
  const label = (list: string, code: string) =>
    labelOf(context.contracts, list, code) ?? { zh: code, en: code }
  const preview =
    latest === undefined
      ? undefined
      : await findRows(context, { loaded, parameters: { limit: String(previewRows) } })
  return {
    contract,
    dataset: await describeDataset(context, contract, latest),
    rhythm: label('update-frequencies', contract.updateFrequency),
    openClass: label('open-classes', contract.openClass),
    source: sourceOf(contract, latest !== undefined && isSynthetic(latest)),
    latest,
    versions,
    read:
      latest === undefined
        ? contract
        : context.contracts.get(contract.dataset, latest.contractVersion).contract,
    preview,
    data: schemaDataset(contract, latest === undefined ? undefined : { version: latest, files }, site),
  }
}
