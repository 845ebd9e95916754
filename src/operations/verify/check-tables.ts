/**
 * Compares the staged parts with what was staged, and finds tables that nothing refers to. A part is staged again
 * from its bundle; a table without a reference is dropped, after a second look under its lock.
 */
import {
  checkParts,
  dropOrphanStaged,
  dropProof,
  listOrphanProofs,
  listOrphanStaged,
  restagePart,
} from '../../ingest/index.ts'
import { dropControlled, listOrphanControlled } from '../../publication/index.ts'
import { dropOrphanRecords, listOrphanRecords } from '../../records/index.ts'
import type { Verification } from './verification.ts'

export async function checkTables(verification: Verification): Promise<void> {
  const { context, report, repair, progress } = verification
  const { database } = context
  progress('parts', 0)
  for (const part of await checkParts(context)) {
    const isRepaired = repair && (await restagePart(context, part))
    const subject = `${part.dataset} ${part.edition} ${part.provider}`
    report('part-differs', subject, { action: isRepaired ? 'repaired' : null })
  }
  progress('tables', 0)
  const orphan = async (subject: string, drop: () => Promise<unknown>) => {
    // A table that is in use after all stays.
    const isDropped = repair && (await drop().catch(() => false)) !== false
    report('table-orphan', subject, { action: isDropped ? 'repaired' : null })
  }
  for (const name of await listOrphanRecords(database.work))
    await orphan(`published.${name}`, () => dropOrphanRecords(database, name))
  for (const id of await listOrphanStaged(context))
    await orphan(`rows of bundle ${id}`, () => dropOrphanStaged(context, id))
  for (const id of await listOrphanControlled(database.work))
    await orphan(`draft ${id}`, () => dropControlled(database, id))
  for (const id of await listOrphanProofs(database.work))
    await orphan(`proof ${id}`, () => dropProof(database.work, id))
}
