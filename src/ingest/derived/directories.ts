/**
 * The published directories that a derivation looks up. All parts of an edition use the same version of each:
 * the newest one until the edition is published, then the one it was published with.
 */
import { isDeepStrictEqual } from 'node:util'
import { type AppContext, latestOf, readVersions } from '../../catalogue/index.ts'
import { type Contract, getField, periodOf } from '../../contract/index.ts'
import type { DirectoryRow } from '../../derivations/index.ts'
import type { Finding } from '../../platform/finding.ts'
import { readAll } from '../../records/index.ts'
import { type DirectoryPin, listParts } from '../pipeline/parts.ts'
import { Refusal } from '../pipeline/refusal.ts'

/** More than the schools of any city; a directory is held in memory while a part is read. */
const directoryRowsMax = 100_000

/**
 * The versions that a new part of an edition uses. Throws Refusal where a directory has none: nothing can be
 * looked up until it is published.
 */
export async function pinDirectories(
  context: AppContext,
  contract: Contract,
  edition: string,
): Promise<readonly DirectoryPin[]> {
  const wanted = Object.entries(contract.derivation?.directories ?? {})
  if (wanted.length === 0) return []
  const { dataset } = contract
  const isPublished = (await readVersions(context.database, { dataset, edition })).length > 0
  const [part] = isPublished ? await listParts(context.database.work, dataset, edition) : []
  if (part !== undefined && part.directories.length > 0) return part.directories
  const pins: DirectoryPin[] = []
  for (const [name, directory] of wanted) {
    const found = await newestBefore(context, directory, periodOf(contract, edition)?.end ?? '')
    if (found === undefined) throw new Refusal({ findings: [missing(directory)] })
    pins.push({ name, dataset: directory, edition: found.edition, version: found.number })
  }
  return pins
}

/** The latest version of the newest edition that has begun on a day; of an older service, of the oldest edition. */
async function newestBefore({ database }: AppContext, dataset: string, day: string) {
  const versions = await readVersions(database, { dataset })
  const latest = [...new Set(versions.map(({ edition }) => edition))].flatMap(
    (edition) => latestOf(versions.filter((version) => version.edition === edition)) ?? [],
  )
  return latest.find(({ periodStart }) => periodStart <= day) ?? latest.at(-1)
}

function missing(directory: string): Finding {
  return {
    check: 'directory-missing',
    severity: 'error',
    expected: directory,
    message: `The directory ${directory}, in which the rows are looked up, is not published. Send the bundle again once it is.`,
    messageZh: `用于核对的名录 ${directory} 尚未发布，请待其发布后重新提交。`,
  }
}

/** Of the parts of an edition, the directories of the part that has looked up the newest ones. */
export function newestDirectories(
  parts: readonly { readonly directories: readonly DirectoryPin[] }[],
): readonly DirectoryPin[] {
  const order = (pins: readonly DirectoryPin[]) =>
    pins.map(({ edition, version }) => `${edition} ${String(version).padStart(9, '0')}`).join()
  return parts
    .map(({ directories }) => directories)
    .reduce((newest, pins) => (order(pins) > order(newest) ? pins : newest), [])
}

export function isSameDirectories(one: readonly DirectoryPin[], other: readonly DirectoryPin[]): boolean {
  const sorted = (pins: readonly DirectoryPin[]) =>
    pins.map(({ name, dataset, edition, version }) => `${name} ${dataset} ${edition} ${version}`).sort()
  return isDeepStrictEqual(sorted(one), sorted(other))
}

/** Reads the rows of directories, by the properties of their kinds. Throws a plain Error for a missing version. */
export async function readDirectories(
  context: AppContext,
  pins: readonly DirectoryPin[],
): Promise<Readonly<Record<string, readonly DirectoryRow[]>>> {
  const read: Record<string, readonly DirectoryRow[]> = {}
  for (const { name, dataset, edition, version } of pins) {
    const versions = await readVersions(context.database, { dataset, edition })
    const found = versions.find(({ number }) => number === version)
    if (found?.recordsTable == null) throw new Error(`${dataset}/${edition}/v${version} has no records.`)
    const { contract } = context.contracts.get(dataset, found.contractVersion)
    const bound = Object.entries(contract.kind?.bind ?? {})
    const fields = bound.map(([, field]) => getField(contract, field))
    const rows: DirectoryRow[] = []
    for await (const batch of readAll(context.database.work, found.recordsTable, fields)) {
      for (const values of batch)
        rows.push(Object.fromEntries(bound.map(([property], index) => [property, values[index] ?? null])))
      if (rows.length > directoryRowsMax)
        throw new Error(`${dataset} has more than ${directoryRowsMax} rows.`)
    }
    read[name] = rows
  }
  return read
}
