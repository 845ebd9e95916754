/** The commands that copy data between services. The implementation is loaded when a command runs. */
import { retriesDefault, schemaUsual } from '../../pull/limits.ts'
import { type AddCommand, command, examples, lazily } from '../command.ts'

const collect = (one: string, others: readonly string[] = []) => [...others, one]

export const exportCommand: AddCommand = (program, end) => {
  command(
    program,
    'export',
    'export published data as a signed bag, for platforms without a network connection',
  )
    .option('--all', 'export everything, as the first export for a mirror')
    .option('--since <cursor>', 'export the changes since the export that printed this cursor')
    .option('--dataset <slug>', 'export chosen versions of this dataset …')
    .option('--edition <name>', '… and this edition')
    .option('--version <number>', '… and only this version; by default all that are not withdrawn')
    .option(
      '--include-restricted',
      'include datasets that are not open; all exports for a mirror must agree on this option',
    )
    .option('--out <path>', 'a ZIP or a folder; by default a ZIP named after its content')
    .addHelpText(
      'after',
      `
The bag (BagIt 1.0, Data Package 2) contains the published files byte for byte, contracts, code lists, and all changes
including withdrawals. It is signed with the key of this service. qingdan mirror imports it elsewhere. Later exports use
--since with the cursor that this command prints, which is also in bag-info.txt. If nothing has changed, nothing is
written. Datasets that are not open are left out and listed, unless --include-restricted is given. Withdrawals are
included, but not the files of withdrawn versions. Existing files are never overwritten.

Examples:
  qingdan export --all --out all.zip
  qingdan export --since 1042 --out changes.zip
  qingdan export --dataset school-canteens --edition 2026`,
    )
    .action(lazily(() => import('./export.ts').then(({ exportBag }) => exportBag), end))
}

export const mirrorCommand: AddCommand = (program, end) => {
  const mirror = command(program, 'mirror', 'import exports of another service, as an exact copy of it')
    .argument(
      '[path...]',
      'exports in their order, as bag folders or ZIPs; without a path, the state of the mirror is shown',
    )
    .option('--key <file>', 'trust this public key of the origin; needed only once')
    .addHelpText(
      'after',
      `
A mirror starts empty with an export --all, then imports exports --since the cursor of the one before. It has the same
files, records, versions, withdrawals and positions as its origin, and publishes nothing of its own. An export is imported
completely or not at all. It is refused if an earlier one is missing, if it is damaged or unsigned, if its key is not
trusted, or if it comes from another origin. Importing an export again changes nothing. A running service shows new
versions at once.

Examples:
  qingdan mirror all.zip --key origin.asc
  qingdan mirror changes.zip`,
    )
    .action(lazily(() => import('./mirror.ts').then(({ take }) => take), end))
  command(mirror, 'trust', 'trust a public key of the origin')
    .argument('<file>', 'the key in ASCII armour (.asc)')
    .addHelpText('after', examples('qingdan mirror trust origin.asc'))
    .action(lazily(() => import('./mirror.ts').then(({ trust }) => trust), end))
  command(mirror, 'distrust', 'stop trusting a key; what was imported before stays')
    .argument('<fingerprint>', 'the fingerprint of the key, see qingdan mirror keys')
    .addHelpText('after', examples('qingdan mirror distrust 0123456789ABCDEF'))
    .action(lazily(() => import('./mirror.ts').then(({ distrust }) => distrust), end))
  command(mirror, 'keys', 'list the trusted keys')
    .addHelpText('after', examples('qingdan mirror keys'))
    .action(lazily(() => import('./mirror.ts').then(({ keys }) => keys)))
}

export const pullCommand: AddCommand = (program, end) => {
  command(program, 'pull', "copy another service's data over HTTP, and keep the copy up to date")
    .argument('<url>', 'the address of the service, such as https://data.example.org')
    .requiredOption('--into <target>', 'a folder, or postgres://user@host/database')
    .option('--schema <name>', `for Postgres: the schema (default: ${schemaUsual})`)
    .option('--dataset <slug>', 'copy only this dataset; repeatable', collect)
    .option('--format <name>', 'for a folder: copy only files of this format; repeatable', collect)
    .option('--history', 'keep every version that is not withdrawn, not only the newest')
    .option('--trust <key.asc>', 'accept only versions signed with this public key of the service')
    .option('--key-file <file>', 'file with an API key for the service, to copy more than open data')
    .option('--follow', 'keep running and apply each change as it is published')
    .option(
      '--retries <number>',
      'further attempts if the service can not be reached',
      String(retriesDefault),
    )
    .option('--scratch <folder>', 'for Postgres: folder for temporary files')
    .addHelpText(
      'after',
      `
Examples:
  qingdan pull https://data.example.org --into /srv/open-data
  qingdan pull https://data.example.org --into postgres://platform@db/city \\
    --schema education --follow
  qingdan pull https://data.example.org --into copy \\
    --dataset tree-register --format csv --trust service.asc

The first pull copies everything that the service shows, later ones only the changes: corrections, withdrawals, contracts.
The digest of every file is verified; signatures only with --trust. After an interruption, even a crash, run the same
command again to continue. The API key is read from the environment variable QINGDAN_PULL_KEY or from --key-file, never
from the command line; the password for Postgres from PGPASSWORD or the file of PGPASSFILE. No settings are needed.`,
    )
    .action(lazily(() => import('./pull.ts').then(({ run }) => run), end))
}
