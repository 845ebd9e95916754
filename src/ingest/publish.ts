/**
 * Publish, in two phases: a version is prepared, its records loaded and its files rendered, all unseen; then it is
 * released by one short transaction, at once or when what it waits for has come. Readers see the old version or the
 * new one, never half.
 */

import type { Digest } from '../base/digest.ts'
import {
  type Difference,
  fileName,
  type House,
  latestOf,
  listVersions,
  prepareVersion,
  type StoredDistribution,
  storedName,
  type VersionName,
} from '../catalogue/index.ts'
import type { Contract } from '../contract/index.ts'
import { type Format, getFormat } from '../formats/index.ts'
import { countDifference, loadRecords, readAll } from '../records/index.ts'
import type { Controlled } from './control.ts'
import type { Progress } from './progress.ts'
import { writePrepared } from './publications.ts'
import { countWarnings } from './receipts.ts'
import { release } from './release.ts'

/** The format whose digest stands for the version: the plain file, which everyone can check. */
const plainFormat = 'csv'

export async function publish(house: House, controlled: Controlled, progress: Progress): Promise<void> {
  await prepare(house, controlled, progress)
  await release(house, controlled.publication.id)
}

/** Prepares a version: from here on it needs nothing but its moment and its approval, and only it may be released. */
async function prepare(house: House, controlled: Controlled, progress: Progress): Promise<void> {
  const { draft, loaded, parts, publication } = controlled
  progress('publish', 0)
  const { table, records } = await loadRecords(house.database, loaded.contract, draft.id, controlled.safe)
  const brought = parts.reduce((sum, part) => sum + part.rows, 0)
  if (records !== brought)
    throw new Error(`${records} records of ${brought} rows: nothing may be lost on the way`)
  house.observe('step-reached', { step: 'prepare', point: 'records-loaded' })
  const distributions = await renderFiles(house, loaded.contract, draft, table, progress)
  const plain = distributions.find((file) => file.format === plainFormat)
  if (plain === undefined) throw new Error('the plain file is always rendered')
  const warnings = await countWarnings(
    house.database.work,
    parts.map((part) => part.bundleId),
  )
  const difference = await differenceOf(house, loaded.contract, draft, table)
  await house.database.work.begin(async (tx) => {
    const { id } = draft
    const { digest } = plain
    await prepareVersion(tx, {
      id,
      recordsTable: table,
      records,
      digest,
      difference,
      warnings,
      distributions,
    })
    await writePrepared(tx, publication.id, digest, house.clock())
  })
  house.observe('step-reached', { step: 'prepare', point: 'written' })
}

/** What differs from the version that readers have now; null for the first. */
async function differenceOf(
  house: House,
  contract: Contract,
  draft: VersionName,
  table: string,
): Promise<Difference | null> {
  const before = latestOf(await listVersions(house.database, draft))
  if (before === undefined) return null
  const former = house.contracts.get(before.dataset, before.contractVersion).contract
  const counted = await countDifference(
    house.database.work,
    { contract: former, table: before.recordsTable },
    { contract, table },
  )
  return counted === undefined ? null : { against: before.number, ...counted }
}

async function renderFiles(
  house: House,
  contract: Contract,
  version: VersionName,
  table: string,
  progress: Progress,
): Promise<readonly StoredDistribution[]> {
  const wanted = [...new Set([plainFormat, ...contract.formats])].map(getFormat)
  // What is recoded from another format's bytes comes after it.
  const ordered = [...wanted].sort((a, b) => Number('from' in a) - Number('from' in b))
  const files: StoredDistribution[] = []
  for (const [index, format] of ordered.entries()) {
    progress('render', index, ordered.length)
    const stored = await house.files.write(
      storedName(version, format.name),
      bytesOf(house, contract, version, table, format),
    )
    house.observe('step-reached', { step: 'prepare', point: 'file-rendered' })
    files.push({
      name: fileName(version, format.name),
      format: format.name,
      mediaType: format.mediaType,
      bytes: stored.bytes,
      digest: stored.digest satisfies Digest,
    })
  }
  return files
}

function bytesOf(
  house: House,
  contract: Contract,
  version: VersionName,
  table: string,
  format: Format,
): AsyncIterable<string | Uint8Array> {
  if ('from' in format) return format.recode(house.files.read(storedName(version, format.from)))
  return format.render(readAll(house.database.work, table, contract.fields), contract.fields)
}
