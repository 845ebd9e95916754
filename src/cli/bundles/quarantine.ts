/** `qingdan quarantine`: what rests there, what is wrong with it, and what somebody decides about it. */
import type { Command } from 'commander'
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
import { type AddCommand, actor, type Common, command, exitCodes, withContext } from '../command.ts'
import { print, progressLine, table } from '../output.ts'
import { showReceipt } from './receipt.ts'

interface DecideOptions extends Common {
  readonly reason: string
}

export const quarantineCommand: AddCommand = (program, end) => {
  const family = program
    .command('quarantine')
    .description('bundles in which more is wrong than their contract bears: look, release or drop')
  command(family, 'list', 'list what rests in quarantine, the newest first').action(list)
  command(family, 'show', 'show the receipt of a bundle, with its first findings')
    .argument('<id>', 'the id from the receipt, or its first eight digits or more')
    .action(show)
  deciding(family, 'release', 'take its rows without an error; those with one are never taken').action(
    async (id: string, options: DecideOptions) => end(await release(id, options)),
  )
  deciding(family, 'drop', 'erase its bytes; receipt and findings remain').action(drop)
}

function deciding(family: Command, name: string, about: string): Command {
  return command(family, name, about)
    .argument('<id>', 'the id from the receipt, or its first eight digits or more')
    .requiredOption('--reason <text>', 'why; it stands in the receipt and in the audit')
}

async function list(options: Common): Promise<void> {
  await withContext(async (context) => {
    const receipts = await listReceipts(context.database.work, { state: 'quarantined' })
    const bodies = receipts.map((receipt) => receiptBody(context, receipt))
    print.result(options, bodies, () => {
      const shown = receipts.map((receipt) => ({ ...receipt, id: receipt.id.slice(0, 12) }))
      table(shown, ['id', 'dataset', 'edition', 'provider', 'errors', 'warnings', 'receivedAt', 'broughtBy'])
    })
  })
}

async function show(id: string, options: Common): Promise<void> {
  await withContext(async (context) =>
    showReceipt(context, await getReceiptLike(context.database.work, id), options),
  )
}

async function release(id: string, options: DecideOptions): Promise<number> {
  return withContext(async (context) => {
    const found = await getReceiptLike(context.database.work, id)
    await releaseBundle(context, { id: found.id, actor: actor(), reason: options.reason })
    const receipt = await takeBundle(context, found.id, progressLine(found.id.slice(0, 12)))
    await tell(context, receipt, options)
    return isRejected(receipt.state) ? exitCodes.refused : exitCodes.ok
  })
}

async function drop(id: string, options: DecideOptions): Promise<void> {
  await withContext(async (context) => {
    const found = await getReceiptLike(context.database.work, id)
    await tell(
      context,
      await dropBundle(context, { id: found.id, actor: actor(), reason: options.reason }),
      options,
    )
  })
}

/** The receipt alone: who decided has seen the findings. */
async function tell(context: OpenContext, receipt: Receipt, options: Common): Promise<void> {
  const findings = await listFindings(context.database.work, receipt.id, { after: 0, limit: 0 })
  print.result(options, receiptBody(context, receipt), () => print.receipt(receipt, findings))
}
