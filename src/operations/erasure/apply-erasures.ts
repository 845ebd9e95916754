/** Applies the erasures of a ledger to a restored service, so that no erased data return with a backup. */
import { type AppContext, findOrigin, findStored } from '../../catalogue/index.ts'
import { eraseBundle, findReceipt } from '../../ingest/index.ts'
import { Problem } from '../../platform/problem.ts'
import { withdraw } from '../../publication/index.ts'
import type { ApplyErasures, ErasureEntry } from '../backup/erasures.ts'
import { eraseVersionAct } from './erase.ts'

/** Who erases: the decision itself is in the ledger and was audited when it was made. */
const actor = 'service:restore'

/**
 * Erases every version and bundle that is named, as of its moment; what is not there, or was received again
 * since, is passed over.
 */
export const applyErasures: ApplyErasures = async (context, entries) => {
  const origin = await findOrigin(context.database)
  const own = entries.filter((entry) => entry.origin === undefined || entry.origin === origin)
  // Versions first: a bundle can't be erased while a stored version has rows of it.
  for (const entry of [...own].sort((a, b) => b.kind.localeCompare(a.kind))) {
    if (entry.kind === 'version') await applyVersion(context, entry)
    else await applyBundle(context, entry)
  }
}

type Of<Kind> = Extract<ErasureEntry, { readonly kind: Kind }>

async function applyVersion(context: AppContext, entry: Of<'version'>): Promise<void> {
  const { dataset, edition, version: number, reason, withdrawn } = entry
  const found = await findStored(context.database.work, { dataset, edition, number })
  if (found?.isPublished !== true) return
  if (withdrawn !== undefined)
    await withdraw(context, {
      ...{ dataset, edition, version: number, actor },
      ...{ reason: withdrawn.reason, at: new Date(withdrawn.at) },
    })
  await eraseVersionAct(context, entry, { actor, reason, at: new Date(entry.at) })
}

async function applyBundle(context: AppContext, entry: Of<'bundle'>): Promise<void> {
  const { bundle, reason } = entry
  const act = { id: bundle, actor, reason, at: new Date(entry.at) }
  if ((await findReceipt(context.database.work, bundle)) === undefined) return
  try {
    await eraseBundle(context, act)
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'bundle-published')) throw error
    // When the bundle was erased, the versions with its rows had lost them: the set is from before that.
    for (const name of error.detail['versions'] as readonly string[]) {
      const [dataset = '', edition = '', version = ''] = name.split('/')
      await eraseVersionAct(
        context,
        { dataset, edition, version: Number(version.slice(1)) },
        { actor, reason, at: act.at },
      )
    }
    await eraseBundle(context, act)
  }
}
