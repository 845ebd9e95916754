/**
 * Maps datasets and editions to CKAN's packages and resources. A package is a dataset; its resources are the
 * files of the latest version of each edition, newest first. Each resource has two ids: the edition's, which
 * follows corrections, and the version's, which is pinned. Contains only what the reader may see.
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
  /** The pinned version; absent for the latest. */
  readonly number?: number
  readonly format: string
}

export interface Package {
  readonly loaded: LoadedContract
  readonly id: string
  /** Its published versions, the newest edition and version first. */
  readonly versions: readonly PublishedVersion[]
  /** The latest version of each edition, the newest edition first. */
  readonly latest: readonly PublishedVersion[]
  /** Instants in CKAN's notation, UTC with six decimals, so that they compare as strings. */
  readonly created: string
  readonly modified: string
  readonly organization: string
  readonly tags: readonly string[]
  readonly formats: readonly string[]
  /** Every resource by its id. */
  readonly resources: ReadonlyMap<string, ResourceName>
}

/** The format whose records the datastore serves. */
export const tableFormat = 'csv'

/** The packages that a reader may see, by name. */
export async function listPackages(context: AppContext, reader: Caller): Promise<readonly Package[]> {
  const versions = await listVersions(context.database)
  const times = await listDatasetTimes(context.database)
  const known = cache.get(versions) ?? new WeakMap<LoadedContract, Package>()
  cache.set(versions, known)
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

/** Packages by the list of versions that they were built from; each change brings a new list. */
const cache = new WeakMap<readonly PublishedVersion[], WeakMap<LoadedContract, Package>>()

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

/** CKAN's name of a file format. */
export const formatName = (format: string): string => format.toUpperCase()

/** An instant in CKAN's notation: UTC without a zone, with six decimals. */
export function instantOf(instant: Date): string {
  return `${instant.toISOString().slice(0, 23)}000`
}

/** CKAN allows letters, digits and some punctuation in a tag, and 2 to 100 characters. */
function tagsOf({ contract }: LoadedContract): readonly string[] {
  const tags = contract.keywords
    .flatMap(({ zh, en }) => [zh, en])
    .map((word) => word.replace(/[^\p{L}\p{M}\p{N} _.-]+/gu, '-').trim())
  return [...new Set(tags)].filter((tag) => [...tag].length >= 2 && [...tag].length <= 100).sort()
}

/** A package by id or name. Throws `notFound`. */
export function getPackage(packages: readonly Package[], idOrName: string): Package {
  const found = packages.find((of) => of.id === idOrName || nameOf(of) === idOrName)
  if (found === undefined) throw notFound(`Unknown package \`${idOrName.slice(0, 100)}\`.`)
  return found
}

/** A resource and its current version. */
export interface Resource {
  readonly of: Package
  readonly name: ResourceName
  readonly version: PublishedVersion
}

/** Finds a resource by either of its ids. Throws `notFound`; for a withdrawn one with the reason. */
export function getResource(packages: readonly Package[], id: string): Resource {
  const of = packages.find(({ resources }) => resources.has(id))
  const name = of?.resources.get(id)
  if (of === undefined || name === undefined) throw notFound(`Unknown resource \`${id.slice(0, 100)}\`.`)
  const edition = of.versions.filter((version) => version.edition === name.edition)
  const version =
    name.number === undefined ? latestOf(edition) : edition.find(({ number }) => number === name.number)
  if (version === undefined || version.state === 'withdrawn') {
    const reason = (version ?? edition[0])?.withdrawnReason ?? ''
    throw notFound(`Resource \`${id}\` was withdrawn: ${reason}`)
  }
  return { of, name, version }
}

/** Finds a resource whose records can be queried. Throws `notFound`. */
export function getTable(packages: readonly Package[], id: string): Resource {
  const found = getResource(packages, id)
  if (found.name.format === tableFormat) return found
  throw notFound(`Resource \`${id}\` is a file without queryable records; use the CSV resource.`)
}
