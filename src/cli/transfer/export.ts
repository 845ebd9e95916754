/** `qingdan export`: writes published versions as a signed bag, for platforms that can't connect. */
import { resolve } from 'node:path'
import { type Exported, type ExportRequest, ExportTargetTaken, writeExport } from '../../transfer/index.ts'
import { actor, type Common, exitCodes, UsageError } from '../command.ts'
import { progressLine } from '../display/progress.ts'
import { counted, print } from '../output.ts'
import { withContext } from '../with-context.ts'

export interface ExportOptions extends Common {
  readonly all?: boolean
  readonly since?: string
  readonly dataset?: string
  readonly edition?: string
  readonly version?: string
  readonly includeRestricted?: boolean
  readonly out?: string
}

export async function exportBag(options: ExportOptions): Promise<number> {
  const request = selectionOf(options)
  return withContext(async (context) => {
    const out = (name: string) => resolve(options.out ?? `${name}.zip`)
    const order = { request, out, actor: actor(), progress: progressLine('export') }
    const exported = await writeExport(context, order).catch((error: unknown) => {
      throw error instanceof ExportTargetTaken ? new UsageError(error.message) : error
    })
    print.result(options, exported ?? { out: null, cursor: options.since ?? null, changes: 0 }, () =>
      exported === undefined
        ? print.line('Nothing has changed since then; nothing was written.')
        : printExported(exported),
    )
    return exitCodes.ok
  })
}

function printExported({ out, changes, versions, bytes, left, signedBy, cursor }: Exported): void {
  print.line(`exported  ${out}`)
  print.line(`  ${counted(changes, 'change')}, ${counted(versions, 'version')}, ${counted(bytes, 'byte')}`)
  if (left.length > 0) print.line(`  left out because they are restricted: ${left.join(', ')}`)
  print.line(`  signed by ${signedBy}`)
  if (cursor !== null) print.line(`  next export: qingdan export --since ${cursor}`)
}

/** The selection: one of three options. Throws UsageError if none or several are given. */
function selectionOf(options: ExportOptions): ExportRequest {
  const { all, since, dataset, edition, version } = options
  const restricted = options.includeRestricted === true
  const chosen = [dataset, edition, version].some((one) => one !== undefined)
  const selections = [all === true, since !== undefined, chosen].filter(Boolean).length
  if (selections !== 1)
    throw new UsageError('Give one of --all, --since <cursor>, or --dataset with --edition.')
  if (!chosen) return { since: since ?? null, restricted }
  if (dataset === undefined || edition === undefined) {
    throw new UsageError('--dataset and --edition must be given together.')
  }
  if (version === undefined) return { dataset, edition, restricted }
  if (!/^[1-9]\d{0,5}$/.test(version))
    throw new UsageError('--version must be the number of a version, such as 1.')
  return { dataset, edition, version: Number(version), restricted }
}
