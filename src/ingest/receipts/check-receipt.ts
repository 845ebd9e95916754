/**
 * Compares a receipt and its signed copies: the history ends with the state, there are no more findings than
 * were counted, each signature is that of the service, and the newest signed copy has the facts of the row.
 */
import { buffer } from 'node:stream/consumers'
import { checkSignatures, type PublicKeyFile } from '../../bundle/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import { canonicalJson } from '../../platform/digest.ts'
import { findReceipt, type Receipt } from './receipts.ts'
import { getSignedReceipt, isTerminal, receiptFacts, receiptFolder } from './signed-receipt.ts'

export interface ReceiptFault {
  /** `row`: the row contradicts itself; `signature`: the copy was altered; `differs`: copy and row differ. */
  readonly fault: 'row' | 'signature' | 'differs'
  /** The signed copy concerned; of the row, empty. */
  readonly stored: string
  /** Whether the row has what is needed to make the copy again. */
  readonly isNewest: boolean
}

/** The faults of a receipt. Without a key, signatures are not checked. */
export async function checkReceipt(
  context: AppContext,
  receipt: Receipt,
  key: PublicKeyFile | undefined,
): Promise<readonly ReceiptFault[]> {
  const faults: ReceiptFault[] = []
  const last = receipt.history.at(-1)?.state
  const [counted] = await context.database.work<{ findings: number }[]>`
    SELECT count(*)::float8 AS findings FROM qingdan.finding WHERE bundle_id = ${receipt.id}`
  // While a bundle is processed, its findings and their counts are written one after the other.
  const isCounted = !isTerminal(receipt) || (counted?.findings ?? 0) <= receipt.errors + receipt.warnings
  if (last !== receipt.state || !isCounted) faults.push({ fault: 'row', stored: '', isNewest: true })
  const folder = receiptFolder(receipt.id)
  const stored = new Set(await context.files.list(folder))
  for (const name of stored) {
    // A crash may leave a copy without a signature; the next request signs it.
    if (!name.endsWith('.json') || !stored.has(`${name}.asc`)) continue
    const isNewest = name === `${folder}/${receipt.history.length}.json` && isTerminal(receipt)
    const json = await buffer(context.files.read(name))
    const signature = String(await buffer(context.files.read(`${name}.asc`)))
    if (key !== undefined && !(await isSigned(context, json, signature, key)))
      faults.push({ fault: 'signature', stored: name, isNewest })
    else if (isNewest && !(await isOfRow(context, json, receipt)))
      faults.push({ fault: 'differs', stored: name, isNewest })
  }
  return faults
}

/** Makes the newest signed copy again from the row; the altered one must have been moved away. */
export async function restoreReceipt(
  context: AppContext,
  id: string,
  key: PublicKeyFile | undefined,
): Promise<boolean> {
  const receipt = await findReceipt(context.database.work, id)
  if (receipt === undefined || !isTerminal(receipt)) return false
  await getSignedReceipt(context, receipt)
  return (await checkReceipt(context, receipt, key)).every(
    ({ isNewest, fault }) => !isNewest || fault === 'row',
  )
}

async function isSigned({ clock }: AppContext, json: Buffer, armored: string, key: PublicKeyFile) {
  const outcomes = await checkSignatures(json, armored, [key], clock())
  return outcomes.some(({ good }) => good)
}

/**
 * Whether the copy has the facts of the row. Left out: `group`, which later bags change, and members that
 * only one of the two has, because releases add some.
 */
async function isOfRow(context: AppContext, json: Buffer, receipt: Receipt): Promise<boolean> {
  const copy = JSON.parse(String(json)) as Record<string, unknown>
  const row = { ...(await receiptFacts(context, receipt)) } as Record<string, unknown>
  return Object.keys(copy).every(
    (name) => name === 'group' || !(name in row) || canonicalJson(copy[name]) === canonicalJson(row[name]),
  )
}
