/** The commands that operate a service. The implementation is loaded when a command runs. */
import { type AddCommand, command, lazily } from '../command.ts'

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
