/** `qingdan receipt`: shows a full receipt in the terminal, or writes the files to return with the bundle. */
import { mkdir } from 'node:fs/promises'
import type { OpenContext } from '../../context.ts'
import {
  getReceiptLike,
  listFindings,
  type Receipt,
  readFindings,
  receiptBody,
  writeReceiptFiles,
} from '../../ingest/index.ts'
import type { Common, FindingsOption } from '../command.ts'
import { counted, print, table, writeFindings } from '../output.ts'
import { withContext } from '../with-context.ts'

export interface ReceiptOptions extends Common, FindingsOption {
  readonly to?: string
}

export async function receipt(id: string, options: ReceiptOptions): Promise<void> {
  await withContext(async (context) => {
    const found = await getReceiptLike(context.database.work, id)
    if (options.to !== undefined) {
      await mkdir(options.to, { recursive: true })
      await writeReceiptFiles(context, found, options.to)
    }
    await writeFindings(options, readFindings(context.database.work, found.id))
    await showReceipt(context, found, options)
  })
}

/** Findings shown in a terminal; the JSON has all that are stored. */
const findingsShown = 20

/** Prints a receipt: its history, counts and decision, the summary by check, and the first findings. */
export async function showReceipt(context: OpenContext, receipt: Receipt, options: Common): Promise<void> {
  const limit = options.json ? context.config.QINGDAN_FINDINGS_MAX + 1 : findingsShown
  const findings = await listFindings(context.database.work, receipt.id, { after: 0, limit })
  print.result(options, { ...receiptBody(context, receipt), findings }, () => {
    print.receipt(receipt, findings)
    print.line(
      `  received ${receipt.receivedAt.toISOString()} from ${receipt.broughtBy}, ${counted(receipt.bytes, 'byte')}`,
    )
    for (const { state, at } of receipt.history) print.line(`  ${at}  ${state}`)
    for (const { file, digest } of receipt.files) print.line(`  sha256 ${digest}  ${file}`)
    if (receipt.summary.length > 0) table(receipt.summary, ['check', 'errors', 'warnings'])
  })
}
