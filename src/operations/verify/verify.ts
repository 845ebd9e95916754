/**
 * `qingdan verify`: compares everything that is served or was received with the record of its publication or
 * receipt, while the service may run. It changes nothing unless a repair is requested, and never deletes.
 */
import type { AppContext } from '../../catalogue/index.ts'
import type { Progress } from '../../ingest/index.ts'
import { checkCatalogue } from './check-catalogue.ts'
import { checkFolders } from './check-folders.ts'
import { checkIntake } from './check-intake.ts'
import { checkKeys } from './check-keys.ts'
import { checkTables } from './check-tables.ts'
import { checkVersions } from './check-versions.ts'
import { beginVerification, type Counts, type Defect } from './verification.ts'

export interface VerifyReport {
  /** Whether no defect remains. */
  readonly isIntact: boolean
  readonly checked: Counts
  readonly defects: readonly Defect[]
}

/** Verifies everything, and repairs it if requested. Throws the error of a disk or database that fails. */
export async function verify(
  context: AppContext,
  options: { readonly repair: boolean; readonly progress: Progress },
): Promise<VerifyReport> {
  const verification = beginVerification(context, options)
  const publicKey = await checkKeys(verification)
  await checkVersions(verification)
  await checkCatalogue(verification)
  await checkIntake(verification, publicKey)
  await checkTables(verification)
  await checkFolders(verification)
  const { counts: checked, defects } = verification
  return { isIntact: defects.every(({ isResolved }) => isResolved), checked, defects }
}
