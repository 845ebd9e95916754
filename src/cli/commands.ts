/** The commands in the order of `--help`. */

import { keyCommand, signerCommand } from './accounts/commands.ts'
import {
  bundleCommand,
  inboxCommand,
  ingestCommand,
  quarantineCommand,
  receiptCommand,
} from './bundles/commands.ts'
import { type AddCommand, command, examples, findingsOption, keysOption, lazily } from './command.ts'
import { contractCommand } from './contract/commands.ts'
import { disclosureCommand } from './disclosure/commands.ts'
import { fitnessCommand } from './fitness/commands.ts'
import { closuresCommand, hoursCommand } from './hours/commands.ts'
import { codesCommand, providersCommand } from './lookups/commands.ts'
import {
  auditCommand,
  backupCommand,
  eraseCommand,
  restoreCommand,
  verifyCommand,
} from './operations/commands.ts'
import {
  approveCommand,
  dropCommand,
  listCommand,
  previewCommand,
  publicationsCommand,
  publishCommand,
  withdrawCommand,
} from './publications/commands.ts'
import { completionCommand } from './shell/commands.ts'
import { exportCommand, mirrorCommand, pullCommand } from './transfer/commands.ts'

const serveCommand: AddCommand = (program, end) => {
  program
    .command('serve')
    .description('run the service until SIGTERM or Ctrl+C')
    .addHelpText('after', examples('qingdan serve', 'QINGDAN_PORT=8080 qingdan serve'))
    .action(async () => {
      const { serve } = await import('./run-service.ts')
      end(await serve(process.env))
    })
}

const migrateCommand: AddCommand = (program) => {
  command(program, 'migrate', 'migrate the database to the newest schema, and exit')
    .addHelpText('after', examples('qingdan migrate'))
    .action(lazily(() => import('./migrate.ts').then(({ migrate }) => migrate)))
}

const checkCommand: AddCommand = (program, end) => {
  command(program, 'check', 'check contracts or bundles; needs no database')
    .argument('[path...]', 'bag folders or ZIPs; without a path, the contracts are checked')
    .option(...findingsOption)
    .option(...keysOption)
    .addHelpText(
      'after',
      examples('qingdan check', 'qingdan check school-canteens-2026.zip --findings findings.csv'),
    )
    .action(lazily(() => import('./check.ts').then(({ check }) => check), end))
}

export const commands: readonly AddCommand[] = [
  serveCommand,
  migrateCommand,
  checkCommand,
  contractCommand,
  fitnessCommand,
  disclosureCommand,
  hoursCommand,
  closuresCommand,
  providersCommand,
  codesCommand,
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
  eraseCommand,
  exportCommand,
  mirrorCommand,
  pullCommand,
  backupCommand,
  restoreCommand,
  keyCommand,
  signerCommand,
  auditCommand,
  listCommand,
  verifyCommand,
  completionCommand,
]
