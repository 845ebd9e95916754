/**
 * The end of a restore, on the restored service: what was unfinished is queued again, later erasures are applied,
 * and the audit says so. Then the marker is removed, and the service may start.
 */
import { resolve } from 'node:path'
import { writeAudit } from '../../accounts/index.ts'
import { type AppContext, bindRestored, dataFolderOf } from '../../catalogue/index.ts'
import { requeueBundles } from '../../ingest/index.ts'
import { requeuePublications } from '../../publication/index.ts'
import { type ApplyErasures, type ErasureEntry, readErasures } from './erasures.ts'
import { BackupFault } from './fault.ts'
import { removeRestoreState } from './restore-marker.ts'
import type { SignedSet } from './set.ts'

export interface FinishedRestore {
  readonly erasures: readonly ErasureEntry[]
  /** Unfinished bundles that are processed again. */
  readonly bundles: number
  /** Requested publications that are prepared again. */
  readonly publications: number
}

/** The erasures to apply. Throws BackupFault if there are some and nothing can apply them. */
export async function findErasures(
  folder: string,
  set: SignedSet,
  applyErasures: ApplyErasures | undefined,
): Promise<readonly ErasureEntry[]> {
  const entries = await readErasures(folder, new Date(set.description.at))
  if (entries.length > 0 && applyErasures === undefined) {
    throw new BackupFault(
      'erasures',
      `${entries.length} erasures are later than the set, and this version can't apply them. Use a newer version.`,
    )
  }
  return entries
}

/** Finishes a restore. Safe to repeat after a crash. */
export async function finishRestore(
  context: AppContext,
  order: {
    readonly folder: string
    readonly set: SignedSet
    readonly actor: string
    readonly applyErasures?: ApplyErasures | undefined
  },
): Promise<FinishedRestore> {
  const { folder, set, actor, applyErasures } = order
  const erasures = await findErasures(folder, set, applyErasures)
  await applyErasures?.(context, erasures)
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
  return { erasures, bundles, publications }
}
