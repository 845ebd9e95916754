/**
 * Which versions an aggregate reads, and which contract says what may be asked of them: the newest, so that a dataset
 * offers the same over all its editions, unless it breaks with the one that a version keeps.
 */
import { problem } from '../base/problem.ts'
import {
  getLatest,
  getVersion,
  type House,
  latestOf,
  listVersions,
  type PublishedVersion,
} from '../catalogue/index.ts'
import { compareContracts, type LoadedContract } from '../contract/index.ts'
import type { AggregateGround as PlanGround } from './aggregate-plan.ts'
import { editionsMax } from './query.ts'

export interface AggregateGround extends PlanGround {
  /** Digest of the contract that says what is offered. */
  readonly digest: string
  /** The versions that are read, the newest edition first. */
  readonly versions: readonly PublishedVersion[]
}

/** The ground of one version. Throws what the catalogue throws for versions that are not there or withdrawn. */
export async function getGround(
  house: House,
  newest: LoadedContract,
  of: { readonly edition: string; readonly version: number },
): Promise<AggregateGround> {
  const { dataset } = newest.contract
  return groundOf(house, newest, [await getVersion(house.database, house.config, { dataset, ...of })])
}

/**
 * The ground of editions: the latest where none is named, else the latest version of each. Throws `contract-breaking`
 * where several can't be read together.
 */
export async function chooseGround(
  house: House,
  newest: LoadedContract,
  editions: 'all' | readonly string[] | undefined,
): Promise<AggregateGround> {
  const { database, config } = house
  const { dataset } = newest.contract
  if (editions === undefined) return groundOf(house, newest, [await getLatest(database, config, dataset)])
  if (editions === 'all') return groundOf(house, newest, await allLatest(house, dataset))
  const versions: PublishedVersion[] = []
  for (const edition of editions) {
    versions.push(await getVersion(database, config, { dataset, edition, version: 'latest' }))
  }
  return groundOf(house, newest, versions)
}

/** The latest version of each edition; one that was withdrawn altogether has none. */
async function allLatest(house: House, dataset: string): Promise<readonly PublishedVersion[]> {
  const published = await listVersions(house.database, { dataset })
  const names = [...new Set(published.map(({ edition }) => edition))]
  const versions = names.flatMap(
    (name) => latestOf(published.filter(({ edition }) => edition === name)) ?? [],
  )
  // Says why there is nothing: no edition yet, or all withdrawn.
  if (versions.length === 0) return [await getLatest(house.database, house.config, dataset)]
  if (versions.length > editionsMax) {
    const detail = `There are ${versions.length} editions, and ${editionsMax} are read together: name some.`
    throw problem('parameter-invalid', { path: 'edition', detail })
  }
  return versions
}

function groundOf(
  house: House,
  newest: LoadedContract,
  versions: readonly PublishedVersion[],
): AggregateGround {
  const kept = versions.map(({ dataset, contractVersion }) => house.contracts.get(dataset, contractVersion))
  const breaks = kept.some(
    ({ contract }) => compareContracts(contract, newest.contract).verdict === 'breaking',
  )
  if (breaks && versions.length > 1) throw problem('contract-breaking', { path: 'edition' })
  const { contract, digest } = (breaks ? kept[0] : newest) ?? newest
  const sources = versions.map(({ edition, recordsTable }, index) => ({
    edition,
    recordsTable,
    contract: (kept[index] ?? newest).contract,
  }))
  return { contract, digest, versions, sources, contracts: house.contracts }
}
