import type { OpenContext } from '../../context.ts'
import {
  dropBundle,
  getReceiptLike,
  isRejected,
  listFindings,
  listReceipts,
  type Receipt,
  receiptBody,
  releaseBundle,
  takeBundle,
} from '../../ingest/index.ts'
import { actor, type Common, exitCodes } from '../command.ts'
import { progressLine } from '../display/progress.ts'
import { print, table } from '../output.ts'
import { withContext } from '../with-context.ts'
import { showReceipt } from './receipt.ts'

export interface DecideOptions extends Common {
  readonly reason: string
}

export async function list(options: Common): Promise<void> {
  await withContext(async (context) => {
    const receipts = await listReceipts(context.database.work, { state: 'quarantined' })
    const bodies = receipts.map((receipt) => receiptBody(context, receipt))
    print.result(options, bodies, () => {
      const shown = receipts.map((receipt) => ({ ...receipt, id: receipt.id.slice(0, 12) }))
      table(shown, ['id', 'dataset', 'edition', 'provider', 'errors', 'warnings', 'receivedAt', 'broughtBy'])
    })
  })
}

export async function show(id: string, options: Common): Promise<void> {
  await withContext(async (context) =>
    showReceipt(context, await getReceiptLike(context.database.work, id), options),
  )
}

export async function release(id: string, options: DecideOptions): Promise<number> {
  return withContext(async (context) => {
    const found = await getReceiptLike(context.database.work, id)
    await releaseBundle(context, { id: found.id, actor: actor(), reason: options.reason })
    const receipt = await takeBundle(context, found.id, progressLine(found.id.slice(0, 12)))
    await printDecision(context, receipt, options)
    return isRejected(receipt.state) ? exitCodes.refused : exitCodes.ok
  })
}

export async function drop(id: string, options: DecideOptions): Promise<void> {
  await withContext(async (context) => {
    const found = await getReceiptLike(context.database.work, id)
    await printDecision(
      context,
      await dropBundle(context, { id: found.id, actor: actor(), reason: options.reason }),
      options,
    )
  })
}

/** Prints the receipt alone: the officer who decided has already seen the findings. */
async function printDecision(context: OpenContext, receipt: Receipt, options: Common): Promise<void> {
  const findings = await listFindings(context.database.work, receipt.id, { after: 0, limit: 0 })
  print.result(options, receiptBody(context, receipt), () => print.receipt(receipt, findings))
}
