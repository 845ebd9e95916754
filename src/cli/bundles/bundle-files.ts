/**
 * File options of `qingdan bundle create`: which files add rows, which ones delete rows in a delta, and
 * over how many bags they are spread. Refuses inconsistent options.
 */
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import {
  type BagGroup,
  type BagSource,
  type BundleMode,
  spreadByBytes,
  spreadByCount,
} from '../../bundle/index.ts'
import { canonicalJson, digestOf, digestOfFile } from '../../platform/digest.ts'
import { UsageError } from '../command.ts'

export interface FileOptions {
  readonly mode?: string
  readonly against?: string
  readonly upsert?: readonly string[]
  readonly delete?: readonly string[]
  readonly bags?: string
  readonly bagBytesMax?: string
}

/** A file to be packed, with its path. */
type PathSource = BagSource & { readonly source: string }

interface BundleFiles {
  readonly mode: BundleMode
  readonly against?: { readonly version: number }
  readonly files: readonly PathSource[]
}

/** The files of a bundle with the action of each. Throws UsageError. */
export function filesOf(paths: readonly string[], options: FileOptions): BundleFiles {
  const { mode = 'full', against, upsert = [], delete: deletes = [] } = options
  if (mode === 'full') {
    if (against !== undefined || upsert.length > 0 || deletes.length > 0)
      throw new UsageError('--against, --upsert and --delete need --mode delta.')
    if (paths.length === 0) throw new UsageError('Name the CSV files to pack.')
    return { mode, files: paths.map((path) => ({ name: basename(path), source: path })) }
  }
  if (mode !== 'delta') throw new UsageError('--mode must be full or delta.')
  if (paths.length > 0) throw new UsageError(`In a delta, put --upsert or --delete before ${paths[0]}.`)
  if (upsert.length + deletes.length === 0) throw new UsageError('A delta needs --upsert or --delete.')
  const version = wholeOf('--against', against ?? '')
  const files = [
    ...upsert.map((path) => ({ name: basename(path), source: path, operation: 'upsert' as const })),
    ...deletes.map((path) => ({ name: basename(path), source: path, operation: 'delete' as const })),
  ]
  return { mode, against: { version }, files }
}

interface BagShare {
  readonly files: readonly PathSource[]
  readonly group?: BagGroup
}

/**
 * Spreads files over bags as the options say; by default, or if all fits, into one bag. The group's name is
 * derived from the files and their purpose: the same files give the same group, other files another one.
 */
export async function spreadFiles(
  files: readonly PathSource[],
  options: FileOptions,
  { name, purpose, bagsMax }: { readonly name: string; readonly purpose: object; readonly bagsMax: number },
): Promise<readonly BagShare[]> {
  const { bags, bagBytesMax } = options
  if (bags !== undefined && bagBytesMax !== undefined)
    throw new UsageError('Give --bags or --bag-bytes-max, not both.')
  if (bags === undefined && bagBytesMax === undefined) return [{ files }]
  const sized = await Promise.all(
    files.map(async (file) => ({ ...file, bytes: (await stat(file.source)).size })),
  )
  const spread = await spreadAs(() =>
    bags === undefined
      ? spreadByBytes(sized, wholeOf('--bag-bytes-max', bagBytesMax ?? ''))
      : spreadByCount(sized, wholeOf('--bags', bags)),
  )
  if (spread.length > bagsMax)
    throw new UsageError(`The files would fill ${spread.length} bags; a bundle may have at most ${bagsMax}.`)
  if (spread.length === 1) return [{ files }]
  let lines = `${canonicalJson(purpose)}\n`
  for (const { name: file, source } of sized) lines += `${await digestOfFile(source)}  ${file}\n`
  const identifier = `${name}-${digestOf(lines).slice(0, identifierDigits)}`
  return spread.map((share, index) => ({
    files: share.map(({ bytes: _bytes, ...file }) => file),
    group: { identifier, number: index + 1, count: spread.length },
  }))
}

/** Hex digits that distinguish a provider's groups: a million groups collide once in about 500 cases. */
const identifierDigits = 12

async function spreadAs<T>(spread: () => T): Promise<T> {
  try {
    return spread()
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error
    throw new UsageError(error.message)
  }
}

function wholeOf(option: string, text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageError(`${option} must be a whole number of at least 1.`)
  return Number(text)
}
