/** The public addresses of the catalogue's resources. They begin with the public URL if one is set. */
import { fileName, type VersionName } from '../contract/index.ts'
import type { Config } from '../platform/config.ts'

type Settings = Pick<Config, 'QINGDAN_PUBLIC_URL'>

const known = new WeakMap<Settings, Addresses>()

/** Addresses under a configuration. Slugs, editions and numbers need no escaping in a path. */
export function addresses(config: Settings): Addresses {
  const found = known.get(config) ?? addressesOf(config)
  known.set(config, found)
  return found
}

export type Addresses = ReturnType<typeof addressesOf>

function addressesOf(config: Settings) {
  const base = `${config.QINGDAN_PUBLIC_URL}/v1`
  const dataset = (slug: string) => `${base}/datasets/${slug}`
  const edition = (slug: string, name: string) => `${dataset(slug)}/editions/${name}`
  const version = (of: VersionName) => `${edition(of.dataset, of.edition)}/versions/${of.number}`
  return {
    dataset,
    editions: (slug: string) => `${dataset(slug)}/editions`,
    edition,
    versions: (slug: string, name: string) => `${edition(slug, name)}/versions`,
    latest: (slug: string, name: string) => `${edition(slug, name)}/versions/latest`,
    publications: (slug: string, name: string) => `${edition(slug, name)}/publications`,
    version,
    comparison: (slug: string, from: number, to: number) =>
      `${dataset(slug)}/contracts/${from}/compare/${to}`,
    contract: (slug: string, number: number) => `${dataset(slug)}/contracts/${number}`,
    records: (slug: string) => `${dataset(slug)}/records`,
    allRecords: (slug: string) => `${dataset(slug)}/records?edition=all`,
    diff: (of: VersionName, against: string) => `${version(of)}/diff?against=${against}`,
    versionRecords: (of: VersionName) => `${version(of)}/records`,
    file: (of: VersionName, name: string) => `${version(of)}/files/${name}`,
    /** A description of the version in the terms of a standard, such as `datapackage.json`. */
    document: (of: VersionName, name: string) => `${version(of)}/${name}`,
    changes: `${base}/changes`,
    venue: (id: string) => `${base}/venues/${encodeURIComponent(id)}`,
    list: (year: string) => `${base}/lists/${year}`,
    /** The portal's page. */
    page: (slug: string) => `${config.QINGDAN_PUBLIC_URL}/datasets/${slug}`,
  }
}

/** Folder of a version's distributions among the stored files. */
export function versionFolder(of: VersionName): string {
  return `editions/${of.dataset}/${of.edition}/v${of.number}`
}

/** Folder of all signed bags among the stored files. */
export const bagsFolder = 'bags'

/** Folder of a version's signed bags among the stored files. */
export function bagFolder(of: VersionName): string {
  return `${bagsFolder}/${of.dataset}/${of.edition}/v${of.number}`
}

/** Name of a distribution's file among the stored files. */
export function storedName(of: VersionName, extension: string): string {
  return `${versionFolder(of)}/${fileName(of, extension)}`
}
