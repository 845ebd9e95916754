/** `qingdan inbox`: ingests the bundles in a folder once, without the service. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type InboxRound, ignoredHints, isRejected, openInbox, receiptBody } from '../../ingest/index.ts'
import { type Common, exitCodes, UsageError } from '../command.ts'
import { print } from '../output.ts'
import { withContext } from '../with-context.ts'

export async function inbox(named: string | undefined, options: Common): Promise<number> {
  return withContext(async (context) => {
    const folder = named ?? context.config.QINGDAN_INBOX
    if (folder === '') throw new UsageError('Name a folder, or set QINGDAN_INBOX.')
    const found = await stat(folder).catch(() => undefined)
    if (found?.isDirectory() !== true) throw new UsageError(`There is no folder ${folder}.`)
    const opened = openInbox(context, { folder: resolve(folder) })
    const first = await opened.round()
    // A file may still be being copied: only a second look shows that it no longer changes.
    const wait = context.config.QINGDAN_INBOX_SETTLE_SECONDS * 1_000
    if (first.ignored.some(({ reason }) => reason === 'moving'))
      await new Promise((then) => setTimeout(then, wait))
    const second = await opened.round()
    const round: InboxRound = { ...second, taken: [...first.taken, ...second.taken] }
    const result = {
      taken: round.taken.map((one) => ({ ...one, receipt: receiptBody(context, one.receipt) })),
      left: round.ignored.map((one) => ({ ...one, hint: ignoredHints[one.reason] })),
      failed: round.failed,
    }
    print.result(options, result, () => {
      for (const { receipt, folder } of round.taken) {
        print.receipt(receipt, [])
        print.line(`  ${folder}`)
      }
      for (const { name, hint } of result.left) print.line(`ignored  ${name}: ${hint}`)
      for (const name of round.failed)
        print.line(`failed  ${name}: it could not be read completely; try again.`)
      if (round.taken.length + result.left.length + round.failed.length === 0)
        print.line('The folder has no bundles.')
    })
    if (round.failed.length > 0) return exitCodes.failed
    return round.taken.some(({ receipt }) => isRejected(receipt.state)) ? exitCodes.refused : exitCodes.ok
  })
}
