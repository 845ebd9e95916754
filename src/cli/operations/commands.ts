/** The commands of operations: names, options and help. The implementation is loaded when a command runs. */
import type { Command } from 'commander'
import { type AddCommand, command, examples, lazily } from '../command.ts'

export const eraseCommand: AddCommand = (program, end) => {
  const erase = command(program, 'erase', 'erase a version or a bundle for good, or verify that it is gone')
    .option(
      '--verify <marker>',
      'search a text that occurred in the erased rows, after forcing out what is deleted',
    )
    .addHelpText(
      'after',
      `
Examples:
  qingdan erase version school-canteens 2026 1 --reason "It named a child."
  qingdan erase bundle 3f9a1c02d4b7 --reason "Sent by mistake." --yes
  qingdan erase --verify "Zhang San"

--verify compacts tables (VACUUM FULL), which blocks requests for some seconds, and fills the write-ahead log. Exit code
3: the text is still found somewhere. What is erased, and what stays where and until when: docs/erasure.md.`,
    )
    .enablePositionalOptions()
    .action(lazily(() => import('./erase.ts').then(({ verify }) => verify), end))
  erasureOptions(
    command(
      erase,
      'version',
      'erase a version with its files, and the bundles that no other version has rows of; it is withdrawn first',
    )
      .argument('<dataset>', 'the slug of the dataset')
      .argument('<edition>', 'such as 2025 or 2025-2026')
      .argument('<number>', 'the number of the version')
      .addHelpText(
        'after',
        examples('qingdan erase version school-canteens 2026 1 --reason "It named a child."'),
      ),
  ).action(lazily(() => import('./erase.ts').then(({ eraseVersion }) => eraseVersion), end))
  erasureOptions(
    command(
      erase,
      'bundle',
      'erase a bundle with its staged rows and findings; refused while a stored version has rows of it',
    )
      .argument('<id>', 'the receipt id, or at least its first eight digits')
      .addHelpText('after', examples('qingdan erase bundle 3f9a1c02d4b7 --reason "Sent by mistake." --yes')),
  ).action(lazily(() => import('./erase.ts').then(({ eraseBundle }) => eraseBundle), end))
}

function erasureOptions(erase: Command): Command {
  return erase
    .requiredOption(
      '--reason <text>',
      'the reason; of a published version it is published with the tombstone',
    )
    .option('--yes', 'do not ask; required without a terminal')
    .option(
      '--backups <folder>',
      'record the erasure for restores in erasures.jsonl there, and name the sets that may hold the bytes',
    )
}

export const auditCommand: AddCommand = (program) => {
  command(program, 'audit', 'show the audit log, the newest entries first')
    .option('--since <moment>', 'only entries since then: a span such as 12h or 7d, a day, or a time')
    .option('--limit <count>', 'the most entries to show', '100')
    .addHelpText(
      'after',
      `
Examples:
  qingdan audit --since 7d
  qingdan audit --since 2026-03-01 --limit 1000 --json`,
    )
    .action(lazily(() => import('./audit.ts').then(({ audit }) => audit)))
}

export const verifyCommand: AddCommand = (program, end) => {
  command(program, 'verify', 'compare all stored data with the record of their publication or receipt')
    .option('--repair', 'make again what can be made from other records, and set aside what can not')
    .addHelpText(
      'after',
      `
Compared are the files and records of each version, the change log, pinned contracts, bundles, receipts, bags and keys.
The service may run meanwhile. Exit code 0: no defect remains; 1: a defect remains. Nothing is ever deleted: files are
moved to files/set-aside/ in the data folder, tables get a new name. docs/verify.md explains each defect.

Examples:
  qingdan verify
  qingdan verify --repair
  qingdan verify --json | jq '.defects[] | select(.isResolved | not)'`,
    )
    .action(lazily(() => import('./verify.ts').then(({ verifyStored }) => verifyStored), end))
}

export const backupCommand: AddCommand = (program, end) => {
  command(program, 'backup', 'write a signed, encrypted backup while the service runs')
    .argument('<folder>', 'the backup folder: a disk or share other than that of the data folder')
    .option(
      '--recipient <key.asc>',
      'public key of whoever may restore; its private half is stored elsewhere',
    )
    .option('--keep <number>', 'remove older sets, so that at most this many remain')
    .option('--check', 'write nothing; check every set in the folder, without a private key')
    .option('--trust <key.asc>', 'with --check: the public key of the service that must have signed')
    .addHelpText(
      'after',
      `
Examples:
  qingdan backup /mnt/backup --recipient custodian.asc
  qingdan backup /mnt/backup --recipient custodian.asc --keep 30
  qingdan backup /mnt/backup --check

A set holds the state of one moment: the database, the stored files, the service's private key and the contracts of the
data folder. It is encrypted to the recipient and signed by the service. What the folder holds already is not written
again. The exit code is 1 if published files are missing or differ from their record: the set is written nevertheless.
With --check it is 3 if a set is incomplete or altered.`,
    )
    .action(lazily(() => import('./backup.ts').then(({ backup }) => backup), end))
}

export const restoreCommand: AddCommand = (program, end) => {
  command(program, 'restore', 'restore a backup into an empty data folder and database')
    .argument('<folder>', 'the backup folder')
    .requiredOption('--key <private.asc>', 'private key of the recipient')
    .option('--passphrase-file <file>', 'file with the passphrase of the key; by default it is asked for')
    .option('--set <name>', 'a set other than the newest')
    .option(
      '--trust <key.asc>',
      'public key of the service (qingdan signer service); it must have signed the set',
    )
    .addHelpText(
      'after',
      `
Example:
  QINGDAN_DATA=/srv/qingdan qingdan restore /mnt/backup \\
    --key custodian-private.asc --trust service.asc

Restores to QINGDAN_DATA, and to DATABASE_URL if that is set; both must be empty. Run it as the account that runs the
service. Everything is verified first; a set that is incomplete, altered or of a newer version is refused. Versions and
bundles that were erased after the set are erased again. After an interruption, run the same command again. Unfinished
bundles and publications continue when the service starts.`,
    )
    .action(lazily(() => import('./restore.ts').then(({ restore }) => restore), end))
}
