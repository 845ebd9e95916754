/** The commands of the side door, in the order of `--help`: adding one is a file and a line here. */

import { keyCommand } from './accounts/key.ts'
import { signerCommand } from './accounts/signer.ts'
import { bundleCommand } from './bundles/bundle.ts'
import { inboxCommand } from './bundles/inbox.ts'
import { ingestCommand } from './bundles/ingest.ts'
import { quarantineCommand } from './bundles/quarantine.ts'
import { receiptCommand } from './bundles/receipt.ts'
import { checkCommand } from './check.ts'
import type { AddCommand } from './command.ts'
import { listCommand } from './publications/list.ts'
import { previewCommand } from './publications/preview.ts'
import { approveCommand, dropCommand, publicationsCommand } from './publications/publications.ts'
import { publishCommand, withdrawCommand } from './publications/publish.ts'
import { migrateCommand, serveCommand } from './serve.ts'
import { exportCommand } from './transfer/export.ts'
import { mirrorCommand } from './transfer/mirror.ts'
import { pullCommand } from './transfer/pull.ts'

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
