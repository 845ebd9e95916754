/** The commands that copy data between services. The implementation is loaded when a command runs. */
import { retriesDefault, schemaUsual } from '../../pull/limits.ts'
import { type AddCommand, command, lazily } from '../command.ts'

const collect = (one: string, others: readonly string[] = []) => [...others, one]

export const exportCommand: AddCommand = (program, end) => {
  command(program, 'export', 'hand on what is published, as a signed bag, to platforms that can not connect')
    .option('--all', 'everything: the first export for a mirror')
    .option('--since <cursor>', 'what has changed since a former export, which printed this cursor')
    .option('--dataset <slug>', 'chosen versions: of this dataset …')
    .option('--edition <name>', '… and this edition')
    .option('--version <number>', '… and this version alone; by default all that are not withdrawn')
    .option(
      '--include-restricted',
      'datasets that are not open too; a mirror takes the one kind or the other',
    )
    .option('--out <path>', 'a ZIP, or a folder; by default a ZIP named like what it holds')
    .addHelpText(
      'after',
      `
The bag (BagIt 1.0, Data Package 2) holds the published files byte for byte, contracts, code lists, and the changes with
withdrawals. It is signed by this service's key. qingdan mirror takes it elsewhere, and follows by exports --since the cursor
that is printed here; the cursor stands in bag-info.txt too. Where nothing has changed, nothing is written.
Datasets that are not open are left out and named, unless --include-restricted is given. Withdrawn versions are told of,
and their files stay here. Nothing is written over.`,
    )
    .action(lazily(() => import('./export.ts').then(({ exportBag }) => exportBag), end))
}

export const mirrorCommand: AddCommand = (program, end) => {
  const mirror = command(program, 'mirror', "take another service's exports, and become its true copy")
    .argument(
      '[path...]',
      'exports in their order, bag folders or ZIPs; without any: how far this mirror has come',
    )
    .option('--key <file>', 'trust this public key of the origin first (once; it is remembered)')
    .addHelpText(
      'after',
      `
A mirror begins empty, with an export --all, and follows by exports --since the cursor of the one before. It has the same
files, records, versions, withdrawals and positions as its origin, and publishes nothing of its own. An export is taken whole
or not at all: one with a gap, of another origin, unsigned, by a key that is not trusted, or damaged is refused. One that was
taken already changes nothing. A running service shows what is new at once.`,
    )
    .action(lazily(() => import('./mirror.ts').then(({ take }) => take), end))
  command(mirror, 'trust', "trust a public key of the origin's")
    .argument('<file>', 'in ASCII armour (.asc)')
    .action(lazily(() => import('./mirror.ts').then(({ trust }) => trust), end))
  command(mirror, 'distrust', 'trust a key no longer; what was taken before stays')
    .argument('<fingerprint>')
    .action(lazily(() => import('./mirror.ts').then(({ distrust }) => distrust), end))
  command(mirror, 'keys', 'the keys that are trusted').action(
    lazily(() => import('./mirror.ts').then(({ keys }) => keys)),
  )
}

export const pullCommand: AddCommand = (program, end) => {
  command(program, 'pull', "make a copy of another service's data over HTTP, and keep it so")
    .argument('<url>', 'the address of the service, such as https://data.example.org')
    .requiredOption('--into <target>', 'a folder, or postgres://user@host/database')
    .option('--schema <name>', `in Postgres: the schema (default: ${schemaUsual})`)
    .option('--dataset <slug>', 'this dataset alone; may be given several times', collect)
    .option('--format <name>', 'in a folder: files of this format alone; may be given several times', collect)
    .option('--history', 'keep every version that is not withdrawn, not the newest alone')
    .option('--trust <key.asc>', 'take only versions that are signed by this public key of the service')
    .option('--key-file <file>', 'where a key stands with which the service shows more')
    .option('--follow', 'go on until interrupted, and apply each change as it comes')
    .option(
      '--retries <number>',
      'attempts after the first, where the service is away',
      String(retriesDefault),
    )
    .option('--scratch <folder>', 'in Postgres: where files lie on their way')
    .addHelpText(
      'after',
      `
  qingdan pull https://data.example.org --into /srv/open-data
  qingdan pull https://data.example.org --into postgres://platform@db/city --schema education --follow
  qingdan pull https://data.example.org --into copy --dataset tree-register --format csv --trust service.asc

The first pull takes everything that is shown, the next ones what has changed: corrections, withdrawals, contracts. Every file is
held to its digest. Ended anywhere, even by a crash, the same command goes on where it stopped. Without --trust, signatures are not looked
at. A key comes from the environment variable QINGDAN_PULL_KEY or from --key-file, never from the command line; a password for
Postgres from PGPASSWORD or the file of PGPASSFILE. No settings of a service are needed.`,
    )
    .action(lazily(() => import('./pull.ts').then(({ run }) => run), end))
}
