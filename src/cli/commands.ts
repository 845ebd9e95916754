/** The commands in the order of `--help`: a new one needs a file and a line here or in a folder's list. */

import { keyCommand, signerCommand } from './accounts/commands.ts'
import {
  bundleCommand,
  inboxCommand,
  ingestCommand,
  quarantineCommand,
  receiptCommand,
} from './bundles/commands.ts'
import { type AddCommand, command, findingsOption, keysOption, lazily } from './command.ts'
import {
  approveCommand,
  dropCommand,
  listCommand,
  previewCommand,
  publicationsCommand,
  publishCommand,
  withdrawCommand,
} from './publications/commands.ts'
import { exportCommand, mirrorCommand, pullCommand } from './transfer/commands.ts'

const serveCommand: AddCommand = (program, end) => {
  program
    .command('serve')
    .description('start the service and serve until SIGTERM or Ctrl+C')
    .action(async () => {
      const { serve } = await import('./run-service.ts')
      end(await serve(process.env))
    })
}

const migrateCommand: AddCommand = (program) => {
  command(program, 'migrate', 'bring the database to the newest form, and do nothing else').action(
    lazily(() => import('./migrate.ts').then(({ migrate }) => migrate)),
  )
}

const checkCommand: AddCommand = (program, end) => {
  command(program, 'check', 'check contracts, or bundles, without a database')
    .argument('[path...]', 'bag folders or ZIPs; without any, the contracts are checked')
    .option(...findingsOption)
    .option(...keysOption)
    .action(lazily(() => import('./check.ts').then(({ check }) => check), end))
}

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
