/** `qingdan backup`: writes a set into a backup folder, or checks the sets in it. */
import { type BackupReport, type CheckedSet, checkSets, writeBackup } from '../../operations/index.ts'
import { readPublicKeyFile } from '../bundles/key-files.ts'
import { actor, type Common, exitCodes, UsageError } from '../command.ts'
import { progressLine } from '../display/progress.ts'
import { counted, print } from '../output.ts'
import { withService } from '../with-context.ts'
import { explainFault, tornText } from './fault.ts'

export interface BackupOptions extends Common {
  readonly recipient?: string
  readonly keep?: string
  readonly check?: boolean
  readonly trust?: string
}

/** Sets that --keep may ask for; a daily backup makes 365 a year. */
const keepMax = 10_000

export async function backup(folder: string, options: BackupOptions): Promise<number> {
  const keepSets = keepOf(options)
  if (options.check === true) return explainFault(() => check(folder, options))
  if (options.trust !== undefined) throw new UsageError('--trust is for --check.')
  if (options.recipient === undefined)
    throw new UsageError('Give --recipient <key.asc>: backups are always encrypted. Or --check.')
  const recipient = await readPublicKeyFile(options.recipient)
  return explainFault(() =>
    withService(async (context) => {
      const order = { folder, recipient, keepSets, actor: actor(), progress: progressLine('backup') }
      const report = await writeBackup(context, order)
      print.result(options, report, () => printReport(report))
      return report.damaged.length + report.objectsReplaced.length === 0 ? exitCodes.ok : exitCodes.failed
    }),
  )
}

function keepOf({ keep, check }: BackupOptions): number | undefined {
  if (keep === undefined) return undefined
  if (check === true) throw new UsageError('--check removes nothing: leave out --keep.')
  if (!/^[1-9]\d{0,4}$/.test(keep) || Number(keep) > keepMax)
    throw new UsageError(`--keep must be a number from 1 to ${keepMax}.`)
  return Number(keep)
}

function printReport(report: BackupReport): void {
  print.line(`backed up  ${report.set}`)
  print.line(
    `  ${counted(report.tables, 'table')}, ${counted(report.rows, 'row')}, ${counted(report.files, 'file')}, ${counted(report.bytes, 'byte')}`,
  )
  print.line(
    `  ${counted(report.objectsWritten, 'object')} with ${counted(report.bytesWritten, 'byte')} written, ${report.objectsReused} reused`,
  )
  print.line(`  signed by ${report.signedBy}, encrypted to ${report.recipient}`)
  for (const set of report.setsRemoved) print.line(`  removed the set ${set}`)
  for (const name of report.objectsReplaced)
    print.line(`  altered in the backup folder, written again: ${name}`)
  if (report.objectsReplaced.length > 0)
    print.line('  This set is complete; qingdan backup --check names the older sets that are damaged.')
  if (report.tornBytes > 0) print.line(`  ${tornText}`)
  for (const path of report.damaged) print.line(`  missing or altered: ${path}`)
}

async function check(folder: string, options: BackupOptions): Promise<number> {
  const trusted = options.trust === undefined ? undefined : await readPublicKeyFile(options.trust)
  const sets = await checkSets({ folder, trusted, progress: progressLine('check') }, new Date())
  print.result(options, sets, () => sets.forEach(printChecked))
  return sets.every(({ faults }) => faults.length === 0) ? exitCodes.ok : exitCodes.refused
}

function printChecked({ set, at, signedBy, objects, bytes, faults }: CheckedSet): void {
  print.line(`${faults.length === 0 ? 'complete' : 'damaged'}  ${set}`)
  if (at !== null)
    print.line(`  ${counted(objects, 'object')}, ${counted(bytes, 'byte')}, signed by ${signedBy}`)
  for (const fault of faults) print.line(`  ${fault}`)
}
