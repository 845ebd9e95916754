/** Applies the erasures of a ledger to a restored service, so that no erased data return with a backup. */
import { Problem } from '../../platform/problem.ts'
import type { ApplyErasures } from '../backup/erasures.ts'
import { eraseBundleAct, eraseVersionAct } from './erase.ts'

/** Who erases: the decision itself is in the ledger and was audited when it was made. */
const actor = 'service:restore'

/** The set is from before these versions or bundles arrived, or from after their erasure. */
const missing: ReadonlySet<string> = new Set(['dataset-not-found', 'version-not-found', 'bundle-not-found'])

/** Erases every version and bundle that is named; what the service does not have is passed over. */
export const applyErasures: ApplyErasures = async (context, entries) => {
  // Versions first: a bundle can't be erased while a stored version has rows of it.
  const ordered = [...entries].sort((a, b) => b.kind.localeCompare(a.kind))
  for (const entry of ordered) {
    try {
      const by = { actor, reason: entry.reason }
      if (entry.kind === 'bundle') await eraseBundleAct(context, entry.bundle, by)
      else await eraseVersionAct(context, entry, by)
    } catch (error) {
      if (!(error instanceof Problem && missing.has(error.code))) throw error
    }
  }
}
