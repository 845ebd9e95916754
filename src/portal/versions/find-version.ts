/** A version for its page: published, withdrawn, or a draft that a token shows. */
import {
  type AppContext,
  findServed,
  latestOf,
  listVersions,
  type PublishedVersion,
  type ServedVersion,
} from '../../catalogue/index.ts'
import type { Contract, LoadedContract } from '../../contract/index.ts'
import { defined } from '../../platform/defined.ts'
import { type FirstDifferences, firstDifferences } from '../../records/index.ts'
import type { PortalDataset, PortalFile } from '../datasets/card.tsx'
import { describeDataset, listFiles } from '../datasets/describe.ts'
import { findRows, type RowsPage } from '../explorer/find-rows.ts'

export interface VersionPage {
  readonly dataset: PortalDataset
  /** The contract of the version. */
  readonly contract: Contract
  readonly version: ServedVersion
  readonly isWithdrawn: boolean
  /** The version that is valid in place of a withdrawn or former one. */
  readonly successor: PublishedVersion | undefined
  readonly files: readonly PortalFile[]
  /** The first rows; none of a withdrawn version. */
  readonly rows: RowsPage | undefined
  /** What changed from the version before. */
  readonly difference: { readonly from: PublishedVersion; readonly first: FirstDifferences } | undefined
  readonly preview: string | undefined
}

interface VersionAddress {
  readonly edition: string
  readonly number: number
  readonly preview: string | undefined
}

/** Rows and differing rows that the page shows. */
const [rowsMax, differencesMax] = [10, 50]

/** Finds the version. Throws `edition-not-found` and `version-not-found`; a withdrawn version has a page. */
export async function findVersionPage(
  context: AppContext,
  loaded: LoadedContract,
  { edition, number, preview }: VersionAddress,
): Promise<VersionPage> {
  const { dataset: slug } = loaded.contract
  const versions = await listVersions(context.database, { dataset: slug, edition })
  const known = versions.find((candidate) => candidate.number === number)
  const isWithdrawn = known?.state === 'withdrawn'
  const version =
    known !== undefined && isWithdrawn
      ? known
      : await findServed(context, { dataset: slug, edition, version: number, preview })
  const { contract } = context.contracts.get(slug, version.contractVersion)
  const latest = latestOf(versions)
  const from = versions.find((other) => other.number < number && other.state !== 'withdrawn')
  const first =
    from === undefined || isWithdrawn
      ? undefined
      : await firstDifferences(context, { from, to: version as PublishedVersion }, differencesMax)
  return {
    dataset: await describeDataset(context, loaded.contract, undefined),
    contract,
    version,
    isWithdrawn,
    successor: latest !== undefined && latest.number > number ? latest : undefined,
    files: isWithdrawn ? [] : await listFiles(context, version, preview),
    rows: isWithdrawn
      ? undefined
      : await findRows(context, {
          loaded,
          parameters: { limit: String(rowsMax) },
          version: { edition, number },
          ...defined({ preview }),
        }),
    difference: from === undefined || first === undefined ? undefined : { from, first },
    preview,
  }
}
