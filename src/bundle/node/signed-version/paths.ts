/** The files of an export: where each lies in its bag, and how its bytes are read. */
import type { CarriedVersion } from '../../../contract/index.ts'

/** Paths in an export. Slugs, editions and numbers are ours, safe in a path as they are. */
export const paths = {
  changes: 'data/changes.ndjson',
  contract: (dataset: string, number: number) => `data/contracts/${dataset}/contract.v${number}.json`,
  codeList: (name: string) => `data/contracts/codes/${name}.csv`,
  contracts: 'data/contracts/',
  version: (of: VersionAt) => `${versionPath(of)}/version.json`,
  file: (of: VersionAt, name: string) => `${versionPath(of)}/${name}`,
} as const

type VersionAt = Pick<CarriedVersion, 'dataset' | 'edition' | 'number'>

function versionPath({ dataset, edition, number }: VersionAt): string {
  return `data/editions/${dataset}/${edition}/v${number}`
}

export interface PayloadFile {
  readonly path: string
  readonly data: () => AsyncIterable<Uint8Array | string>
  /** What is known of the file before it is read; another file in its place is our fault, and is told. */
  readonly expected?: { readonly bytes: number; readonly digest: string }
  /** Whether a ZIP gains by packing it. */
  readonly isPacked: boolean
}

/** How far it has come: the step's name, what is done, and of how much. */
export type ExchangeProgress = (step: string, done: number, total?: number) => void
