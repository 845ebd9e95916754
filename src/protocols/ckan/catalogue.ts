/**
 * What CKAN calls packages and resources, made of datasets and their editions. A package is a dataset; its resources are
 * the files of the latest version of each edition, the newest first. Each resource has two ids: the edition's, which goes
 * on with each correction, and the version's, which is pinned. What the reader may not see is not here at all.
 */

import {
  type AppContext,
  byDataset,
  type DatasetTimes,
  latestOf,
  listDatasetTimes,
  listReadable,
  listVersions,
  type PublishedVersion,
} from '../../catalogue/index.ts'
import type { LoadedContract } from '../../contract/index.ts'
import type { Caller } from '../../platform/caller.ts'
import { idOf } from './ids.ts'
import { notFound } from './refusal.ts'

/** A file of an edition, or of one of its versions. */
export interface ResourceName {
  readonly edition: string
  /** The version that it is pinned to; the latest where absent. */
  readonly number?: number
  readonly format: string
}

export interface Package {
  readonly loaded: LoadedContract
  readonly id: string
  /** Its published versions, the newest edition and version first. */
  readonly versions: readonly PublishedVersion[]
  /** The version that stands for each edition, the newest edition first. */
  readonly latest: readonly PublishedVersion[]
  /** Instants as CKAN writes them, in UTC to six digits, so that they compare as texts. */
  readonly created: string
  readonly modified: string
  readonly organization: string
  readonly tags: readonly string[]
  readonly formats: readonly string[]
  /** Every resource by its id. */
  readonly resources: ReadonlyMap<string, ResourceName>
}

/** The format whose records CKAN's datastore answers. */
export const tableFormat = 'csv'

/** The packages that a reader may see, by name. */
export async function listPackages(context: AppContext, reader: Caller): Promise<readonly Package[]> {
  const versions = await listVersions(context.database)
  const times = await listDatasetTimes(context.database)
  const known = kept.get(versions) ?? new WeakMap<LoadedContract, Package>()
  kept.set(versions, known)
  const own = byDataset(versions)
  const packages = listReadable(context.contracts, reader).map((loaded) => {
    const { dataset } = loaded.contract
    const found =
      known.get(loaded) ?? buildPackage(context, loaded, own.get(dataset) ?? [], times.get(dataset))
    known.set(loaded, found)
    return found
  })
  return packages.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
}

/** Packages by the list of versions that they were made of: another list comes with each change. */
const kept = new WeakMap<readonly PublishedVersion[], WeakMap<LoadedContract, Package>>()

export const nameOf = ({ loaded }: Package): string => loaded.contract.dataset

function buildPackage(
  { contracts }: AppContext,
  loaded: LoadedContract,
  versions: readonly PublishedVersion[],
  times: DatasetTimes | undefined,
): Package {
  const { contract } = loaded
  const editions = [...new Set(versions.map(({ edition }) => edition))]
  const latest = editions.flatMap(
    (name) => latestOf(versions.filter(({ edition }) => edition === name)) ?? [],
  )
  const formatsOf = (version: PublishedVersion) => {
    const promised = contracts.get(contract.dataset, version.contractVersion).contract.formats
    const omitted = new Set(version.omitted.map(({ format }) => format))
    return promised.filter((format) => !omitted.has(format))
  }
  const resources = versions.flatMap((version) =>
    formatsOf(version).flatMap((format): [string, ResourceName][] => {
      const { edition, number } = version
      return [
        [editionResource(version, format), { edition, format }],
        [versionResource(version, format), { edition, number, format }],
      ]
    }),
  )
  return {
    loaded,
    id: idOf('dataset', contract.dataset),
    versions,
    latest,
    created: instantOf(times?.created ?? new Date(0)),
    modified: instantOf(times?.modified ?? new Date(0)),
    organization: contract.providers[0] ?? '',
    tags: tagsOf(loaded),
    formats: [...new Set(latest.flatMap(formatsOf).map(formatName))],
    resources: new Map(resources),
  }
}

export const editionResource = ({ dataset, edition }: PublishedVersion, format: string) =>
  idOf('resource', dataset, edition, format)

export const versionResource = ({ dataset, edition, number }: PublishedVersion, format: string) =>
  idOf('resource', dataset, edition, String(number), format)

/** What CKAN calls the format of a file. */
export const formatName = (format: string): string => format.toUpperCase()

/** An instant as CKAN writes it: UTC without saying so, to six digits. */
export function instantOf(instant: Date): string {
  return `${instant.toISOString().slice(0, 23)}000`
}

/** Tags of CKAN are letters, digits and a few signs, from two to a hundred of them. */
function tagsOf({ contract }: LoadedContract): readonly string[] {
  const tags = contract.keywords
    .flatMap(({ zh, en }) => [zh, en])
    .map((word) => word.replace(/[^\p{L}\p{M}\p{N} _.-]+/gu, '-').trim())
  return [...new Set(tags)].filter((tag) => [...tag].length >= 2 && [...tag].length <= 100).sort()
}

/** A package by id or name. Throws `notFound`. */
export function getPackage(packages: readonly Package[], asked: string): Package {
  const found = packages.find((one) => one.id === asked || nameOf(one) === asked)
  if (found === undefined) throw notFound(`No package \`${asked.slice(0, 100)}\`.`)
  return found
}

/** A resource with the version that stands for it now. */
export interface Resource {
  readonly of: Package
  readonly name: ResourceName
  readonly version: PublishedVersion
}

/** A resource by either of its ids. Throws `notFound`, also for one that was withdrawn, with the reason. */
export function getResource(packages: readonly Package[], id: string): Resource {
  const of = packages.find(({ resources }) => resources.has(id))
  const name = of?.resources.get(id)
  if (of === undefined || name === undefined) throw notFound(`No resource \`${id.slice(0, 100)}\`.`)
  const edition = of.versions.filter((version) => version.edition === name.edition)
  const version =
    name.number === undefined ? latestOf(edition) : edition.find(({ number }) => number === name.number)
  if (version === undefined || version.state === 'withdrawn') {
    const reason = (version ?? edition[0])?.withdrawnReason ?? ''
    throw notFound(`Resource \`${id}\` was withdrawn: ${reason}`)
  }
  return { of, name, version }
}

/** A resource that has records to be read. Throws `notFound`. */
export function getTable(packages: readonly Package[], id: string): Resource {
  const found = getResource(packages, id)
  if (found.name.format === tableFormat) return found
  throw notFound(`Resource \`${id}\` is a file without records of its own; ask for that of the format CSV.`)
}
