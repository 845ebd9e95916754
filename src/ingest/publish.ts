/**
 * Publish: records are loaded and files rendered unseen; then one short transaction makes them visible. Readers see
 * the old version or the new one, never half.
 */

import { type House, publishVersion } from '../catalogue/index.ts'
import { loadRecords } from '../records/index.ts'
import { type Controlled, dropControlled } from './control.ts'
import { dropReplaced } from './parts.ts'
import type { Progress } from './progress.ts'
import { writeDone } from './publications.ts'
import { countWarnings } from './receipts.ts'
import { renderFiles } from './render.ts'

export async function publish(house: House, controlled: Controlled, progress: Progress): Promise<void> {
  const { draft, loaded, parts, publication } = controlled
  const began = house.clock()
  progress('publish', 0)
  const { table, records } = await loadRecords(house.database, loaded.contract, draft.id, controlled.safe)
  const brought = parts.reduce((sum, part) => sum + part.rows, 0)
  if (records !== brought)
    throw new Error(`${records} records of ${brought} rows: nothing may be lost on the way`)
  house.observe('step-reached', { step: 'publish', point: 'records-loaded' })
  const rendered = await renderFiles(house, controlled, { table, records }, progress)
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
      warnings,
      ...rendered,
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
