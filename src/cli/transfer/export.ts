/** `qingdan export`: hands on what is published, as a signed bag, to platforms that can't connect. */
import { resolve } from 'node:path'
import { type Exported, type ExportRequest, ExportTargetTaken, writeExport } from '../../transfer/index.ts'
import {
  type AddCommand,
  actor,
  type Common,
  command,
  exitCodes,
  UsageError,
  withContext,
} from '../command.ts'
import { print, progressLine } from '../output.ts'

interface ExportOptions extends Common {
  readonly all?: boolean
  readonly since?: string
  readonly dataset?: string
  readonly edition?: string
  readonly version?: string
  readonly includeRestricted?: boolean
  readonly out?: string
}

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
    .action(async (options: ExportOptions) => end(await exportBag(options)))
}

async function exportBag(options: ExportOptions): Promise<number> {
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

/** One of the three ways to ask. Throws UsageError where none or several are meant. */
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
