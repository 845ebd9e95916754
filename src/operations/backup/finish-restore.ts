/**
 * The end of a restore, on the restored service: what was unfinished is queued again, later erasures are applied,
 * and the audit says so. Then the marker is removed, and the service may start.
 */
import { resolve } from 'node:path'
import { writeAudit } from '../../accounts/index.ts'
import { type AppContext, bindRestored, dataFolderOf } from '../../catalogue/index.ts'
import { requeueBundles } from '../../ingest/index.ts'
import { requeuePublications } from '../../publication/index.ts'
import { type ApplyErasures, type ErasureEntry, erasuresAfter, readLedger } from './erasures.ts'
import { removeRestoreState } from './restore-marker.ts'
import type { SignedSet } from './set.ts'

export interface FinishedRestore {
  readonly erasures: readonly ErasureEntry[]
  /** Bytes of an incomplete last line of the ledger, which was passed over; 0 without one. */
  readonly tornBytes: number
  /** Unfinished bundles that are processed again. */
  readonly bundles: number
  /** Requested publications that are prepared again. */
  readonly publications: number
}

/** The erasures that the set does not know. Throws BackupFault if the ledger can't be read. */
export async function findErasures(
  folder: string,
  set: SignedSet,
): Promise<{ readonly entries: readonly ErasureEntry[]; readonly tornBytes: number }> {
  const ledger = await readLedger(folder)
  return { entries: erasuresAfter(ledger, set), tornBytes: ledger.tornBytes }
}

/** Finishes a restore. Safe to repeat after a crash. */
export async function finishRestore(
  context: AppContext,
  order: {
    readonly folder: string
    readonly set: SignedSet
    readonly actor: string
    readonly applyErasures: ApplyErasures
  },
): Promise<FinishedRestore> {
  const { folder, set, actor, applyErasures } = order
  const { entries: erasures, tornBytes } = await findErasures(folder, set)
  await applyErasures(context, erasures)
  const publications = await requeuePublications(context)
  const bundles = await requeueBundles(context)
  await writeAudit(context.database.work, {
    at: context.clock(),
    actor,
    action: 'backup-restored',
    subject: `backup:${set.name}`,
    detail: { at: set.description.at, erasures: erasures.length, bundles, publications },
  })
  // A new id: neither side is taken for the ones that they were copied from.
  await bindRestored(context.database.work, dataFolderOf(context.config).files)
  await removeRestoreState(resolve(context.config.QINGDAN_DATA))
  return { erasures, tornBytes, bundles, publications }
}
