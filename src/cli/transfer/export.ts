/** `qingdan export`: writes published versions as a signed bag, for platforms that can't connect. */
import { resolve } from 'node:path'
import { type Exported, type ExportRequest, ExportTargetTaken, writeExport } from '../../transfer/index.ts'
import { actor, type Common, exitCodes, UsageError } from '../command.ts'
import { print, progressLine } from '../output.ts'
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
  const asked = askedOf(options)
  return withContext(async (context) => {
    const out = (name: string) => resolve(options.out ?? `${name}.zip`)
    const order = { asked, out, actor: actor(), progress: progressLine('export') }
    const exported = await writeExport(context, order).catch((error: unknown) => {
      throw error instanceof ExportTargetTaken ? new UsageError(error.message) : error
    })
    print.result(options, exported ?? { out: null, cursor: options.since ?? null, changes: 0 }, () =>
      exported === undefined ? print.line('Nothing has changed since; nothing was written.') : tell(exported),
    )
    return exitCodes.ok
  })
}

function tell({ out, changes, versions, bytes, left, signedBy, cursor }: Exported): void {
  print.line(`exported  ${out}`)
  print.line(`  ${changes} changes, ${versions} versions, ${bytes} bytes`)
  if (left.length > 0) print.line(`  left out, for they are restricted: ${left.join(', ')}`)
  print.line(`  signed by ${signedBy}`)
  if (cursor !== null) print.line(`  the next one: qingdan export --since ${cursor}`)
}

/** The selection: one of three options. Throws UsageError if none or several are given. */
function askedOf(options: ExportOptions): ExportRequest {
  const { all, since, dataset, edition, version } = options
  const restricted = options.includeRestricted === true
  const chosen = [dataset, edition, version].some((one) => one !== undefined)
  const ways = [all === true, since !== undefined, chosen].filter(Boolean).length
  if (ways !== 1) throw new UsageError('Give one of --all, --since <cursor>, or --dataset with --edition.')
  if (!chosen) return { since: since ?? null, restricted }
  if (dataset === undefined || edition === undefined) {
    throw new UsageError('Chosen versions need both --dataset and --edition.')
  }
  if (version === undefined) return { dataset, edition, restricted }
  if (!/^[1-9]\d{0,5}$/.test(version))
    throw new UsageError('--version takes the number of a version, from 1 on.')
  return { dataset, edition, version: Number(version), restricted }
}
