/**
 * Publish, in two phases: a version is prepared, with records loaded and files rendered, all invisible; then
 * one short transaction releases it, at once or after the moment and approval it waits for. Readers see
 * either the old version or the new one.
 */

import { type AppContext, latestOf, prepareVersion, readVersions } from '../../catalogue/index.ts'
import type { Contract, RecordDifference, VersionName } from '../../contract/index.ts'
import type { Progress } from '../../ingest/index.ts'
import { countWarnings, holdingChecks } from '../../ingest/index.ts'
import { countDifference, loadRecords } from '../../records/index.ts'
import { writePrepared } from '../publications.ts'
import type { Controlled } from './control.ts'
import { release } from './release.ts'
import { renderFiles } from './render.ts'

export async function publish(
  context: AppContext,
  controlled: Controlled,
  progress: Progress,
): Promise<void> {
  await prepare(context, controlled, progress)
  await release(context, controlled.publication.id)
}

/** Prepares a version. It then needs only its moment and approval, and no other may be released. */
async function prepare(context: AppContext, controlled: Controlled, progress: Progress): Promise<void> {
  const { draft, loaded, parts, publication } = controlled
  const { table, records } = await loadRecords(
    context.database,
    loaded.contract,
    draft.id,
    controlled.safe,
    (done, total) => progress('load', done, total),
  )
  if (records !== controlled.rows)
    throw new Error(`${records} records of ${controlled.rows} rows: every row must become a record`)
  context.observe('checkpoint-reached', { step: 'prepare', point: 'records-loaded' })
  const rendered = await renderFiles(context, controlled, { table, records }, progress)
  progress('compare', 0)
  const bundles = parts.flatMap((part) => part.bundles)
  const counted = await countWarnings(context.database.work, bundles)
  const holding = new Set(holdingChecks(loaded.contract))
  const warnings = counted.filter(({ check }) => !holding.has(check))
  const difference = await differenceOf(context, loaded.contract, draft, table)
  await context.database.work.begin(async (tx) => {
    await prepareVersion(tx, {
      id: draft.id,
      recordsTable: table,
      records,
      difference,
      warnings,
      ...rendered,
    })
    const { digest } = rendered
    const at = context.clock()
    await writePrepared(tx, publication.id, { digest, at, warnings: controlled.warnings })
  })
  context.observe('checkpoint-reached', { step: 'prepare', point: 'written' })
}

/** The difference from the version that is public now; null for the first. */
async function differenceOf(
  context: AppContext,
  contract: Contract,
  draft: VersionName,
  table: string,
): Promise<RecordDifference | null> {
  const before = latestOf(await readVersions(context.database, draft))
  if (before === undefined) return null
  const former = context.contracts.get(before.dataset, before.contractVersion).contract
  const counted = await countDifference(
    context.database.work,
    { contract: former, table: before.recordsTable },
    { contract, table },
  )
  return counted === undefined ? null : { against: before.number, ...counted }
}
