/** The commands that operate a service and protect its data. The implementation is loaded when a command runs. */
import { type AddCommand, command, lazily } from '../command.ts'

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
  QINGDAN_DATA=/srv/qingdan qingdan restore /mnt/backup --key custodian-private.asc --trust service.asc

Restores to QINGDAN_DATA, and to DATABASE_URL if that is set; both must be empty. Run it as the account that runs the
service. Everything is verified first; a set that is incomplete, altered or of a newer version is refused. Versions and
bundles that were erased after the set are erased again. After an interruption, run the same command again. Unfinished
bundles and publications continue when the service starts.`,
    )
    .action(lazily(() => import('./restore.ts').then(({ restore }) => restore), end))
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
