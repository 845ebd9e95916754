/** The files of an export: the path of each in its bag, and how its bytes are read. */
import type { CarriedVersion } from '../../../contract/index.ts'

/** Paths in an export. Slugs, editions and numbers come from the service and are safe in paths. */
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
  /** The expected size and digest; a mismatch is an internal error, and is thrown. */
  readonly expected?: { readonly bytes: number; readonly digest: string }
  /** Whether compressing it in a ZIP saves space. */
  readonly isPacked: boolean
}

/** Progress: the step's name, what is done, and the total. */
export type ExchangeProgress = (step: string, done: number, total?: number) => void
