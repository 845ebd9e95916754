/**
 * Which versions an aggregate reads, and which contract says what may be asked of them: the newest, so that a dataset
 * offers the same over all its editions, unless it breaks with the one that a version keeps.
 */

import { type AppContext, getVersion, type PublishedVersion } from '../../catalogue/index.ts'
import { compareContracts, type LoadedContract } from '../../contract/index.ts'
import { problem } from '../../platform/problem.ts'
import { chooseEditions } from '../query/resolve-request.ts'
import type { AggregateSource } from './plan.ts'
import type { AggregateQuery } from './query.ts'

export interface ChosenVersions extends AggregateSource {
  /** Digest of the contract that says what is offered. */
  readonly digest: string
  /** The versions that are read, the earliest edition first. */
  readonly versions: readonly PublishedVersion[]
}

/** The version of an address: its edition and number. */
export interface VersionPath {
  readonly edition: string
  readonly version: number
}

/**
 * The ground of a question: the version in the path, else the latest of each edition that it asks for. Throws what the
 * catalogue throws for versions that are not there or withdrawn, and `contract-breaking` where several can't be read
 * together.
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
    const joined = editions === 'all' || (editions !== undefined && editions.length > 1)
    return groundOf(context, newest, await chooseEditions(context, dataset, editions), joined)
  }
  if (editions !== undefined) {
    throw problem('parameter-invalid', { path: 'edition', detail: 'The path says it.' })
  }
  return groundOf(context, newest, [await getVersion(database, config, { dataset, ...of })], false)
}

function groundOf(
  context: AppContext,
  newest: LoadedContract,
  versions: readonly PublishedVersion[],
  joined: boolean,
): ChosenVersions {
  const kept = versions.map(({ dataset, contractVersion }) => context.contracts.get(dataset, contractVersion))
  const breaks = kept.some(
    ({ contract }) => compareContracts(contract, newest.contract).verdict === 'breaking',
  )
  if (breaks && joined) throw problem('contract-breaking', { path: 'edition' })
  const { contract, digest } = (breaks ? kept[0] : newest) ?? newest
  const sources = versions.map(({ edition, recordsTable }, index) => ({
    edition,
    recordsTable,
    contract: (kept[index] ?? newest).contract,
  }))
  return { contract, digest, versions, sources, joined, contracts: context.contracts }
}
