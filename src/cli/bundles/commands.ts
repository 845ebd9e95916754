/** The commands about bundles: names, options and help. The implementation is loaded when a command runs. */
import type { Command } from 'commander'
import { type AddCommand, command, findingsOption, keysOption, lazily, sheetOption } from '../command.ts'

export const bundleCommand: AddCommand = (program, end) => {
  const bundle = program.command('bundle').description('pack bundles and look at them, without a database')
  fileOptions(command(bundle, 'create', 'check tables as their receiver would, and pack them'))
    .argument('[file...]', 'CSV or XLSX: the headers are the names, titles or aliases of the contract')
    .option('--dataset <slug>', 'the dataset they are for; asked for where it is not given')
    .option('--edition <name>', 'the edition')
    .option('--provider <code>', 'who provides them; by default the only one')
    .option('--sequence <number>', 'the running number of what this provider sends for the dataset')
    .option('--synthetic', 'the data are made up')
    .option(...sheetOption)
    .option('--sign <key.asc>', 'your private OpenPGP key; its passphrase is asked for')
    .option('--passphrase-file <file>', 'where the passphrase of the key stands, for a script')
    .option('--encrypt-to <key.asc>', "the receiver's public OpenPGP key: nobody else can read the rows")
    .option('--out <path>', 'a ZIP, or a folder; by default a ZIP named like dataset, edition and provider')
    .option(...findingsOption)
    .addHelpText(
      'after',
      `
What would be refused there is told here, cell by cell, and then nothing is written. Nothing is written over, either.
A delta is checked but for its base, which only the receiver has. Several bags are written as <out>-1-of-3.zip and so on.

qingdan bundle create --dataset … --edition … --mode delta --against 3 --upsert changed.csv --delete gone.csv`,
    )
    .action(lazily(() => import('./bundle.ts').then(({ create }) => create), end))
  command(bundle, 'verify', 'look whether bundles are whole and would be taken')
    .argument('<path...>', 'bag folders or ZIPs; bags of one group are looked at together')
    .option(...findingsOption)
    .option(...keysOption)
    .action(lazily(() => import('../check.ts').then(({ checkPaths }) => checkPaths), end))
}

export const inboxCommand: AddCommand = (program, end) => {
  command(program, 'inbox', 'take the bundles that lie in a folder, and put them away with their receipts')
    .argument('[folder]', 'by default QINGDAN_INBOX')
    .addHelpText(
      'after',
      '\nWhat is at rest for QINGDAN_INBOX_SETTLE_SECONDS is taken and comes to lie in done/ or refused/ with receipt.json and\n' +
        'findings.csv. The service watches QINGDAN_INBOX by itself; this is for a folder of the moment, such as a stick.\n' +
        'Ends with 3 where a bundle was refused or rests in quarantine, with 1 where one could not be read to its end.',
    )
    .action(lazily(() => import('./inbox.ts').then(({ inbox }) => inbox), end))
}

export const ingestCommand: AddCommand = (program, end) => {
  command(program, 'ingest', 'bring bundles: verify, validate and stage them')
    .argument('<path...>', 'bag folders or ZIPs; or loose CSV or XLSX files, with the options below')
    .option('--dataset <slug>', 'for loose files: the dataset they are for')
    .option('--edition <name>', 'for loose files: the edition')
    .option('--provider <code>', 'for loose files: who provides them; by default the only one')
    .option('--synthetic', 'for loose files: the data are made up')
    .option(...sheetOption)
    .option(...findingsOption)
    .option('--receipts <folder>', 'write the signed receipts and the findings there, to be carried back')
    .action(lazily(() => import('./ingest.ts').then(({ ingest }) => ingest), end))
}

export const quarantineCommand: AddCommand = (program, end) => {
  const family = program
    .command('quarantine')
    .description('bundles in which more is wrong than their contract bears: look, release or drop')
  command(family, 'list', 'list what rests in quarantine, the newest first').action(
    lazily(() => import('./quarantine.ts').then(({ list }) => list)),
  )
  command(family, 'show', 'show the receipt of a bundle, with its first findings')
    .argument('<id>', 'the id from the receipt, or its first eight digits or more')
    .action(lazily(() => import('./quarantine.ts').then(({ show }) => show)))
  deciding(family, 'release', 'take its rows without an error; those with one are never taken').action(
    lazily(() => import('./quarantine.ts').then(({ release }) => release), end),
  )
  deciding(family, 'drop', 'erase its bytes; receipt and findings remain').action(
    lazily(() => import('./quarantine.ts').then(({ drop }) => drop)),
  )
}

function deciding(family: Command, name: string, about: string): Command {
  return command(family, name, about)
    .argument('<id>', 'the id from the receipt, or its first eight digits or more')
    .requiredOption('--reason <text>', 'why; it stands in the receipt and in the audit')
}

export const receiptCommand: AddCommand = (program) => {
  command(program, 'receipt', 'show the receipt of a bundle: states, counts, what it replaced, findings')
    .argument('<id>', 'the id from the receipt, or its first eight digits or more')
    .option('--to <folder>', 'write receipt.json and findings.csv there, to travel back beside the bundle')
    .option(...findingsOption)
    .action(lazily(() => import('./receipt.ts').then(({ receipt }) => receipt)))
}

/** Adds the options for deltas and for several bags. */
function fileOptions(command: Command): Command {
  const collect = (path: string, former: readonly string[] = []) => [...former, path]
  return command
    .option('--mode <mode>', 'full: all rows of the part; delta: what changes in it', 'full')
    .option('--against <version>', 'with delta: the number of the published version that is changed')
    .option(
      '--upsert <file>',
      'with delta: rows that are added, or replace those of their key; may recur',
      collect,
    )
    .option(
      '--delete <file>',
      'with delta: the keys of rows that go, and no other columns; may recur',
      collect,
    )
    .option('--bags <number>', 'spread the files over so many bags that make one bundle together')
    .option('--bag-bytes-max <bytes>', 'spread the files over bags of at most so many bytes, as for discs')
}
