/**
 * Compares the stored bundles with their ids, and the receipts with their signed copies. A signed copy is made
 * again from the row. The bytes of a bundle exist nowhere else: a damaged one is set aside, and sending the
 * same bundle again stores it again.
 */
import { type PublicKeyFile, readPublicKey } from '../../bundle/index.ts'
import {
  bundleFolder,
  checkBundle,
  checkReceipt,
  findReceipt,
  listBundleIds,
  type ReceiptFault,
  restoreReceipt,
} from '../../ingest/index.ts'
import type { Verification } from './verification.ts'

/** Checks all bundles and receipts; signatures only if the service's public key is given. */
export async function checkIntake(verification: Verification, publicKey: string | undefined): Promise<void> {
  const { context, counts, progress } = verification
  const key = publicKey === undefined ? undefined : await readPublicKey(publicKey)
  const ids = await listBundleIds(context.database.work)
  for (const [index, id] of ids.entries()) {
    progress('bundles', index, ids.length)
    counts.bundles += 1
    counts.receipts += 1
    await checkStored(verification, id)
    const receipt = await findReceipt(context.database.work, id)
    if (receipt === undefined) continue
    for (const fault of await checkReceipt(context, receipt, key)) {
      await reportReceipt(verification, id, fault, key)
    }
  }
}

async function checkStored({ context, report, repair, setAside }: Verification, id: string): Promise<void> {
  const faultOf = async () => {
    const receipt = await findReceipt(context.database.work, id)
    return receipt && checkBundle(context, receipt)
  }
  // Compared a second time, because it may have been dropped while it was read.
  const fault = (await faultOf()) && (await faultOf())
  if (fault === undefined) return
  // What the disk does not return now it may return later, and the bytes exist once.
  const movedTo = repair && fault !== 'unreadable' ? await setAside(bundleFolder(id)) : null
  report(`bundle-${fault}`, id, { action: movedTo === null ? null : 'set-aside', movedTo })
}

async function reportReceipt(
  { context, report, repair, setAside }: Verification,
  id: string,
  { fault, stored, isNewest }: ReceiptFault,
  key: PublicKeyFile | undefined,
): Promise<void> {
  // Which of the two is right can't be known if the copy has a good signature: the row was altered.
  if (!repair || fault !== 'signature') {
    report(`receipt-${fault}`, stored === '' ? id : stored)
    return
  }
  const movedTo = await setAside(stored)
  await setAside(`${stored}.asc`)
  const isRepaired = isNewest && (await restoreReceipt(context, id, key))
  report('receipt-signature', stored, { action: isRepaired ? 'repaired' : 'set-aside', movedTo })
}
