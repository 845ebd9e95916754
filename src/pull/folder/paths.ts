/** The paths in a copy folder: the same as at the source, so that each thing has one path. */

import type { VersionKey } from '../ledger.ts'
import { fileNameOf } from '../source/source.ts'

type Edition = Pick<VersionKey, 'dataset' | 'edition'>

const dataset = (name: string) => `datasets/${name}`
const versions = ({ dataset: name, edition }: Edition) => `${dataset(name)}/editions/${edition}/versions`
const version = (key: VersionKey) => `${versions(key)}/${key.version}`

export const folderPaths = {
  /** The state of the copy; written last. */
  state: 'qingdan-copy.json',
  /** Every change applied, one per line. */
  log: 'changes.ndjson',
  datasets: 'datasets',
  latestOfDataset: (name: string) => `${dataset(name)}/latest.json`,
  closed: (name: string) => `${dataset(name)}/closed.json`,
  contract: (name: string, number: number) => `${dataset(name)}/contracts/${number}.json`,
  codes: (name: string, list: string) => `${dataset(name)}/codes/${list}.csv`,
  editions: (name: string) => `${dataset(name)}/editions`,
  latest: (of: Edition) => `${dataset(of.dataset)}/editions/${of.edition}/latest.json`,
  versions,
  version,
  facts: (key: VersionKey) => `${version(key)}/version.json`,
  file: (key: VersionKey, format: string) => `${version(key)}/files/${fileNameOf(key, format)}`,
  tombstone: (key: VersionKey) => `${versions(key)}/${key.version}.withdrawn.json`,
} as const

/** The puller's own files; readers ignore them. */
export const folderOwn = '.qingdan-pull'

/** Files being put in place and being removed. A crash leaves them there, and the next pull deletes them. */
export const incoming = `${folderOwn}/incoming`
export const outgoing = `${folderOwn}/outgoing`
