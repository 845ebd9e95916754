/**
 * Chooses the versions that an aggregate reads and the contract that defines the offer: the newest, so that a
 * dataset offers the same over all its editions, unless it breaks the version's own contract.
 */

import { type AppContext, getVersion, type PublishedVersion } from '../../catalogue/index.ts'
import { compareContracts, type LoadedContract } from '../../contract/index.ts'
import { problem } from '../../platform/problem.ts'
import { requestsSeveralEditions } from '../query/plan.ts'
import { chooseEditions } from '../query/resolve-request.ts'
import type { AggregateSource } from './plan.ts'
import type { AggregateQuery } from './query.ts'

export interface ChosenVersions extends AggregateSource {
  /** Digest of the contract that defines the offer. */
  readonly digest: string
  /** The versions to read, the earliest edition first. */
  readonly versions: readonly PublishedVersion[]
}

/** Edition and number of the version in the path. */
interface VersionPath {
  readonly edition: string
  readonly version: number
}

/**
 * Chooses the version in the path, else the latest of each requested edition. Throws the catalogue's problems
 * for missing and withdrawn versions, and `contract-breaking` if several versions can't be read together.
 */
export async function chooseAggregateVersions(
  context: AppContext,
  newest: LoadedContract,
  { editions }: AggregateQuery,
  of?: VersionPath,
): Promise<ChosenVersions> {
  const { database, config } = context
  const { dataset } = newest.contract
  if (of === undefined) {
    const joinsEditions = requestsSeveralEditions(editions)
    return withContract(context, newest, await chooseEditions(context, dataset, editions), joinsEditions)
  }
  if (editions !== undefined) {
    throw problem('parameter-invalid', { path: 'edition', detail: 'The path already names the edition.' })
  }
  return withContract(context, newest, [await getVersion(database, config, { dataset, ...of })], false)
}

function withContract(
  context: AppContext,
  newest: LoadedContract,
  versions: readonly PublishedVersion[],
  joinsEditions: boolean,
): ChosenVersions {
  const own = versions.map(({ dataset, contractVersion }) => context.contracts.get(dataset, contractVersion))
  const breaks = own.some(
    ({ contract }) => compareContracts(contract, newest.contract).verdict === 'breaking',
  )
  if (breaks && joinsEditions) throw problem('contract-breaking', { path: 'edition' })
  const { contract, digest } = (breaks ? own[0] : newest) ?? newest
  const sources = versions.map(({ edition, recordsTable }, index) => ({
    edition,
    recordsTable,
    contract: (own[index] ?? newest).contract,
  }))
  return { contract, digest, versions, sources, joinsEditions, contracts: context.contracts }
}
