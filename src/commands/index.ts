/** The commands of the side door, in the order of `--help`: adding one is a file and a line here. */
import { bundleCommand } from './bundle.ts'
import { checkCommand } from './check.ts'
import type { AddCommand } from './command.ts'
import { exportCommand } from './export.ts'
import { inboxCommand } from './inbox.ts'
import { ingestCommand } from './ingest.ts'
import { keyCommand } from './key.ts'
import { listCommand } from './list.ts'
import { mirrorCommand } from './mirror.ts'
import { previewCommand } from './preview.ts'
import { approveCommand, dropCommand, publicationsCommand } from './publications.ts'
import { publishCommand, withdrawCommand } from './publish.ts'
import { pullCommand } from './pull.ts'
import { quarantineCommand } from './quarantine.ts'
import { receiptCommand } from './receipt.ts'
import { migrateCommand, serveCommand } from './serve.ts'
import { signerCommand } from './signer.ts'

export { exitCodes, UsageError } from './command.ts'
export { print } from './output.ts'

export const commands: readonly AddCommand[] = [
  serveCommand,
  migrateCommand,
  checkCommand,
  bundleCommand,
  ingestCommand,
  inboxCommand,
  receiptCommand,
  quarantineCommand,
  publishCommand,
  publicationsCommand,
  previewCommand,
  approveCommand,
  dropCommand,
  withdrawCommand,
  exportCommand,
  mirrorCommand,
  pullCommand,
  keyCommand,
  signerCommand,
  listCommand,
]
