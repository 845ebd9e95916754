/**
 * Publish: records are loaded and files rendered unseen; then one short transaction makes them visible. Readers see
 * the old version or the new one, never half.
 */

import type { Digest } from '../base/digest.ts'
import {
  fileName,
  type House,
  publishVersion,
  type StoredDistribution,
  storedName,
  type VersionName,
} from '../catalogue/index.ts'
import type { Contract } from '../contract/index.ts'
import { type Format, getFormat } from '../formats/index.ts'
import { loadRecords, readAll } from '../records/index.ts'
import { type Controlled, dropControlled } from './control.ts'
import { dropReplaced } from './parts.ts'
import type { Progress } from './progress.ts'
import { writeDone } from './publications.ts'
import { countWarnings } from './receipts.ts'

/** The format whose digest stands for the version: the plain file, which everyone can check. */
const plainFormat = 'csv'

export async function publish(house: House, controlled: Controlled, progress: Progress): Promise<void> {
  const { draft, loaded, parts, publication } = controlled
  const began = house.clock()
  progress('publish', 0)
  const { table, records } = await loadRecords(house.database, loaded.contract, draft.id, controlled.safe)
  const brought = parts.reduce((sum, part) => sum + part.rows, 0)
  if (records !== brought)
    throw new Error(`${records} records of ${brought} rows: nothing may be lost on the way`)
  house.observe('step-reached', { step: 'publish', point: 'records-loaded' })
  const distributions = await renderFiles(house, loaded.contract, draft, table, progress)
  const plain = distributions.find((file) => file.format === plainFormat)
  if (plain === undefined) throw new Error('the plain file is always rendered')
  const warnings = await countWarnings(
    house.database.work,
    parts.map((part) => part.bundleId),
  )
  const at = house.clock()
  await house.database.work.begin(async (tx) => {
    await writeDone(tx, publication.id)
    house.observe('step-reached', { step: 'publish', point: 'in-transaction' })
    await publishVersion(tx, {
      id: draft.id,
      at,
      recordsTable: table,
      records,
      digest: plain.digest,
      warnings,
      distributions,
    })
  })
  house.observe('step-reached', { step: 'publish', point: 'visible' })
  await dropControlled(house.database, draft.id)
  await dropReplaced(house.database, draft.dataset, draft.edition)
  house.observe('version-published', {
    dataset: draft.dataset,
    edition: draft.edition,
    version: draft.number,
    records,
    seconds: (at.getTime() - began.getTime()) / 1000,
  })
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
    house.observe('step-reached', { step: 'publish', point: 'file-rendered' })
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
