/** The commands about bundles: names, options and help. The implementation is loaded when a command runs. */
import type { Command } from 'commander'
import {
  type AddCommand,
  command,
  examples,
  findingsOption,
  keysOption,
  lazily,
  sheetOption,
} from '../command.ts'

export const bundleCommand: AddCommand = (program, end) => {
  const bundle = program.command('bundle').description('create and verify bundles; needs no database')
  fileOptions(command(bundle, 'create', 'check tables with the rules of the receiver and pack them'))
    .argument(
      '[file...]',
      'CSV or XLSX files whose headers are field names, titles or aliases of the contract',
    )
    .option('--dataset <slug>', 'the dataset of the files; in a terminal you are asked if it is missing')
    .option('--edition <name>', 'the edition, such as 2025 or 2025-2026')
    .option('--provider <code>', 'the provider; may be omitted if the dataset has only one')
    .option(
      '--sequence <number>',
      'sequence number of this bundle among those of the provider for the dataset',
    )
    .option('--synthetic', 'mark the data as synthetic')
    .option(...sheetOption)
    .option('--sign <key.asc>', 'your private OpenPGP key; you are asked for its passphrase')
    .option('--passphrase-file <file>', 'file with the passphrase of the key, for scripts')
    .option(
      '--encrypt-to <key.asc>',
      "the receiver's public OpenPGP key; only the receiver can then read the rows",
    )
    .option(
      '--directory <name=file...>',
      'the published CSV of a directory in which the receiver looks up rows, such as schools=schools.csv',
    )
    .option('--out <path>', 'a ZIP or a folder; by default a ZIP named after dataset, edition and provider')
    .option(...findingsOption)
    .addHelpText(
      'after',
      `
If the receiver would refuse the bundle, the findings are listed cell by cell and nothing is written. Existing files are
never overwritten. The rows of a delta can't be compared with its base, which only the receiver has. Several bags are
written as <out>-1-of-3.zip and so on.

Examples:
  qingdan bundle create canteens.xlsx --dataset school-canteens --edition 2026
  qingdan bundle create --dataset school-canteens --edition 2026 \\
    --mode delta --against 3 --upsert changed.csv --delete deleted.csv
  qingdan bundle create --dataset canteen-visits --edition 2026 \\
    --encrypt-to receiver.asc --directory schools=schools.csv visits.xlsx`,
    )
    .action(lazily(() => import('./bundle.ts').then(({ create }) => create), end))
  command(bundle, 'verify', 'check that bundles are complete and would be accepted')
    .argument('<path...>', 'bag folders or ZIPs; bags of one group are checked together')
    .option(...findingsOption)
    .option(...keysOption)
    .addHelpText('after', examples('qingdan bundle verify school-canteens-2026.zip --keys keys/'))
    .action(lazily(() => import('../check.ts').then(({ checkPaths }) => checkPaths), end))
}

export const inboxCommand: AddCommand = (program, end) => {
  command(
    program,
    'inbox',
    'ingest the bundles of a folder, and move them to done/ or refused/ with their receipts',
  )
    .argument('[folder]', 'by default QINGDAN_INBOX')
    .addHelpText('after', examples('qingdan inbox /media/usb'))
    .addHelpText(
      'after',
      '\nBundles that have not changed for QINGDAN_INBOX_SETTLE_SECONDS are ingested and moved to done/ or refused/ with\n' +
        'receipt.json and findings.csv. The service watches QINGDAN_INBOX itself; use this command for other folders, such as\n' +
        'a USB stick. Exit code 3: a bundle was refused or is in quarantine; 1: one could not be read completely.',
    )
    .action(lazily(() => import('./inbox.ts').then(({ inbox }) => inbox), end))
}

export const ingestCommand: AddCommand = (program, end) => {
  command(program, 'ingest', 'ingest bundles: verify, validate and stage them')
    .argument('<path...>', 'bag folders or ZIPs, or loose CSV or XLSX files with the options below')
    .option('--dataset <slug>', 'for loose files: the dataset')
    .option('--edition <name>', 'for loose files: the edition')
    .option('--provider <code>', 'for loose files: the provider; may be omitted if the dataset has only one')
    .option('--synthetic', 'for loose files: mark the data as synthetic')
    .option(...sheetOption)
    .option(...findingsOption)
    .option(
      '--receipts <folder>',
      'write the signed receipts and the findings to this folder, to return to the sender',
    )
    .addHelpText(
      'after',
      examples(
        'qingdan ingest school-canteens-2026.zip',
        'qingdan ingest canteens.xlsx --dataset school-canteens --edition 2026',
      ),
    )
    .action(lazily(() => import('./ingest.ts').then(({ ingest }) => ingest), end))
}

export const quarantineCommand: AddCommand = (program, end) => {
  const family = program
    .command('quarantine')
    .description('list, show, release or drop bundles with more errors than their contract allows')
  command(family, 'list', 'list the bundles in quarantine, the newest first')
    .addHelpText('after', examples('qingdan quarantine list'))
    .action(lazily(() => import('./quarantine.ts').then(({ list }) => list)))
  command(family, 'show', 'show the receipt of a bundle, with its first findings')
    .argument('<id>', 'the receipt id, or at least its first eight digits')
    .addHelpText('after', examples('qingdan quarantine show 3f9a1c02d4b7'))
    .action(lazily(() => import('./quarantine.ts').then(({ show }) => show)))
  decisionCommand(
    family,
    'release',
    'accept the rows of a bundle that have no error; the others are never accepted',
  ).action(lazily(() => import('./quarantine.ts').then(({ release }) => release), end))
  decisionCommand(family, 'drop', 'delete the files of a bundle; its receipt and findings remain').action(
    lazily(() => import('./quarantine.ts').then(({ drop }) => drop)),
  )
}

function decisionCommand(family: Command, name: string, about: string): Command {
  return command(family, name, about)
    .argument('<id>', 'the receipt id, or at least its first eight digits')
    .requiredOption('--reason <text>', 'the reason, recorded in the receipt and in the audit log')
    .addHelpText('after', examples(`qingdan quarantine ${name} 3f9a1c02d4b7 --reason "Agreed by telephone."`))
}

export const receiptCommand: AddCommand = (program) => {
  command(program, 'receipt', 'show the receipt of a bundle: states, counts, the part it replaced, findings')
    .argument('<id>', 'the receipt id, or at least its first eight digits')
    .option('--to <folder>', 'write receipt.json and findings.csv to this folder, to return to the sender')
    .option(...findingsOption)
    .addHelpText('after', examples('qingdan receipt 3f9a1c02d4b7 --to receipts/'))
    .action(lazily(() => import('./receipt.ts').then(({ receipt }) => receipt)))
}

/** Adds the options for deltas and for several bags. */
function fileOptions(command: Command): Command {
  const collect = (path: string, former: readonly string[] = []) => [...former, path]
  return command
    .option('--mode <mode>', 'full: all rows of the part; delta: only the changes', 'full')
    .option(
      '--against <version>',
      'with delta: the number of the published version that the changes are based on',
    )
    .option(
      '--upsert <file>',
      'with delta: file with rows to add, or to replace those with the same key; repeatable',
      collect,
    )
    .option(
      '--delete <file>',
      'with delta: file with the keys of rows to delete, and no other columns; repeatable',
      collect,
    )
    .option('--bags <number>', 'spread the files over this number of bags, which form one bundle')
    .option(
      '--bag-bytes-max <bytes>',
      'spread the files over bags of at most this size, for example to fit on discs',
    )
}
