/** `qingdan verify`: prints every defect of what is stored, and what was done about it. */
import { type Defect, type VerifyReport, verify } from '../../operations/index.ts'
import { type Common, exitCodes } from '../command.ts'
import { progressLine } from '../display/progress.ts'
import { counted, print } from '../output.ts'
import { withService } from '../with-context.ts'

export interface VerifyOptions extends Common {
  readonly repair?: boolean
}

export async function verifyStored(options: VerifyOptions): Promise<number> {
  const repair = options.repair === true
  const report = await withService((context) => verify(context, { repair, progress: progressLine('verify') }))
  print.result(options, report, () => printReport(report, repair))
  return report.isIntact ? exitCodes.ok : exitCodes.failed
}

function printReport({ isIntact, checked, defects }: VerifyReport, repair: boolean): void {
  for (const defect of defects) printDefect(defect)
  const counts = Object.entries(checked).map(([name, count]) => `${count} ${name}`)
  const remaining = defects.filter(({ isResolved }) => !isResolved).length
  const outcome = isIntact ? 'intact' : `remaining: ${counted(remaining, 'defect')}`
  print.line(`${outcome}; compared: ${counts.join(', ')}`)
  if (isIntact) return
  const canRepair = !repair && defects.some((defect) => defect.canRepair)
  const next = canRepair ? 'Next: qingdan verify --repair' : 'Restore them from a backup; see docs/verify.md.'
  print.line(next)
}

function printDefect({ kind, subject, message, action, movedTo }: Defect): void {
  print.line(`${action ?? 'defect'}  ${kind}  ${subject}`)
  print.line(`  ${message}`)
  if (movedTo !== null) print.line(`  moved to ${movedTo}`)
}
