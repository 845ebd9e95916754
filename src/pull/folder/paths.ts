/** Where things stand in a copy that is a folder: under the paths that they have at the source, so that each has one place. */

import type { VersionKey } from '../ledger.ts'
import { fileNameOf } from '../source/source.ts'

type Edition = Pick<VersionKey, 'dataset' | 'edition'>

const dataset = (name: string) => `datasets/${name}`
const versions = ({ dataset: name, edition }: Edition) => `${dataset(name)}/editions/${edition}/versions`
const version = (key: VersionKey) => `${versions(key)}/${key.version}`

export const folderPaths = {
  /** How far the copy has come; written last. */
  state: 'qingdan-copy.json',
  /** Every change that was applied, a line each. */
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

/** What a pull needs for itself; readers leave it alone. */
export const folderOwn = '.qingdan-pull'

/** What is on its way to its place, and what is on its way out: a crash leaves it there, and the next pull clears it away. */
export const incoming = `${folderOwn}/incoming`
export const outgoing = `${folderOwn}/outgoing`
