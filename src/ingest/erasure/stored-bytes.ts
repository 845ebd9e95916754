/**
 * The stored bytes of bundles that were dropped or erased. They are removed while the bundle's row is locked,
 * so that an upload of the same bytes has to wait and is stored anew.
 */

import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { AppContext } from '../../catalogue/index.ts'
import type { Transaction } from '../../db/database.ts'
import { removeWithCopies } from '../../files/set-aside.ts'
import { problem } from '../../platform/problem.ts'
import { receiptFileNames } from '../receipts/files.ts'
import { writeErased } from '../receipts/receipts.ts'
import type { BundleState, Decision } from '../receipts/schemas.ts'
import { receiptFolder } from '../receipts/signed-receipt.ts'
import { bundleFolder } from '../receive/receive.ts'
import { inboxFolders } from '../receive/scan-inbox.ts'

/** The queue of bundles whose bytes are to be removed. */
export const eraseBundleJob = 'erase-bundle'

/** Longest reason, in characters: a few sentences. */
const reasonLengthMax = 2_000

/** The reason of a decision, trimmed. Throws `reason-missing` if it is empty or too long. */
export function reasonOf(text: string): string {
  const reason = text.trim()
  if (reason !== '' && reason.length <= reasonLengthMax) return reason
  throw problem('reason-missing', { path: 'reason', detail: `1 to ${reasonLengthMax} characters.` })
}

/** Removes the bytes of a dropped bundle; of an erased one also its signed receipts and its inbox copies. */
export async function eraseDropped(context: AppContext, id: string): Promise<void> {
  await context.database.work.begin(async (tx) => {
    if ((await lockState(tx, id)) !== 'dropped') return
    await removeWithCopies(context.files, bundleFolder(id))
    const [row] = await tx<{ act: Decision['act'] | null }[]>`
      SELECT decision->>'act' AS act FROM qingdan.bundle WHERE id = ${id}`
    if (row?.act === 'erase') {
      await removeWithCopies(context.files, receiptFolder(id))
      await removeFromInbox(context.config.QINGDAN_INBOX, id, { keepReceipts: false })
    }
    await writeErased(tx, id, context.clock())
  })
}

/**
 * Removes the bytes of a bundle unless it was received again meanwhile, and so is in another state. With `copies`
 * also those in the inbox, whose receipts stay.
 */
export async function removeBytes(
  context: AppContext,
  {
    id,
    state,
    copies = false,
  }: { readonly id: string; readonly state: BundleState; readonly copies?: boolean },
): Promise<void> {
  await context.database.work.begin(async (tx) => {
    if ((await lockState(tx, id)) !== state) return
    await removeWithCopies(context.files, bundleFolder(id))
    if (copies) await removeFromInbox(context.config.QINGDAN_INBOX, id, { keepReceipts: true })
    await writeErased(tx, id, context.clock())
  })
}

/** Locks a bundle's row until the transaction ends, and returns its state. */
export async function lockState(tx: Transaction, id: string): Promise<BundleState | undefined> {
  const [row] = await tx<
    { state: BundleState }[]
  >`SELECT state FROM qingdan.bundle WHERE id = ${id} FOR UPDATE`
  return row?.state
}

/** The inbox keeps each bundle with its receipt, in a folder whose name ends with eight digits of the id. */
async function removeFromInbox(
  inbox: string,
  id: string,
  { keepReceipts }: { readonly keepReceipts: boolean },
): Promise<void> {
  if (inbox === '') return
  const own = new RegExp(`-${id.slice(0, 8)}(-\\d+)?$`)
  for (const kind of [inboxFolders.done, inboxFolders.refused]) {
    const folder = join(inbox, kind)
    // A disk that is not connected holds its copies; docs/erasure.md says so.
    const names = await readdir(folder).catch(() => [])
    for (const name of names.filter((one) => own.test(one))) {
      const path = join(folder, name)
      const inside = keepReceipts ? await readdir(path).catch(() => []) : []
      const copies = inside.filter((one) => !receiptFileNames.includes(one)).map((one) => join(path, one))
      for (const one of keepReceipts ? copies : [path]) await rm(one, { recursive: true, force: true })
    }
  }
}
