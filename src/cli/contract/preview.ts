/** `qingdan contract preview`: reads a file under a contract as ingestion would, and shows records and findings. */
import { basename } from 'node:path'
import { type FileCount, limitsOf, type RowBatch } from '../../bundle/index.ts'
import { intakeFields, labelText, type periodOf } from '../../contract/index.ts'
import { dayInShanghai } from '../../platform/time.ts'
import { looseSources, withBag } from '../bundles/loose-files.ts'
import { purposeOf } from '../bundles/purpose.ts'
import { checkBundles } from '../check-bundles.ts'
import { type Common, exitCodes, requirePaths, UsageError } from '../command.ts'
import { progressLine } from '../display/progress.ts'
import { counted, print, repairsText } from '../output.ts'
import { loadDatasetFolder, printFaults } from './dataset-folder.ts'

export interface PreviewOptions extends Common {
  readonly edition?: string
  readonly provider?: string
  readonly rows: string
  readonly sheet?: string
}

/** Records that can be shown. */
const shownMax = 100

export async function preview(path: string, file: string, options: PreviewOptions): Promise<number> {
  await requirePaths([file])
  if (!/^\d{1,3}$/.test(options.rows) || Number(options.rows) > shownMax)
    throw new UsageError(`--rows must be a number up to ${shownMax}.`)
  const loaded = await loadDatasetFolder(path)
  const { dataset, contracts, named: contract, faults, config } = loaded
  if (faults.length > 0 || contract === undefined) {
    print.result(options, { dataset, faults }, () => printFaults(loaded))
    return exitCodes.refused
  }
  const today = dayInShanghai(new Date())
  const edition = options.edition ?? currentEdition(contract.period, today)
  const purpose = purposeOf(contracts, {
    ...{ ...options, dataset, edition },
    contractVersion: contract.contractVersion,
  })
  const files = await looseSources([{ name: basename(file), source: file }], {
    contract,
    limits: limitsOf(config),
    sheet: options.sheet,
  })
  const fields = intakeFields(contract)
  const records: (readonly (string | null)[])[] = []
  let counts: readonly FileCount[] = []
  const context = {
    ...{ contracts, config, signature: 'none' as const, progress: progressLine(file) },
    onRows: (batch: RowBatch) => {
      for (const { values } of batch) if (records.length < Number(options.rows)) records.push(values)
    },
    onFiles: (read: readonly FileCount[]) => {
      counts = read
    },
  }
  return withBag({ ...purpose, files, clock: () => new Date() }, async (folder) => {
    for await (const { report } of checkBundles([folder], context)) {
      const shown = records.map((values) =>
        Object.fromEntries(fields.map(({ name }, at) => [name, values[at] ?? null])),
      )
      print.result(options, { ...purpose, files: counts, records: shown, ...report }, () => {
        print.line(`read under contract ${contract.contractVersion} of ${dataset}`)
        for (const [index, values] of records.entries()) {
          print.line(`record ${index + 1}`)
          for (const [at, field] of fields.entries()) {
            const value = values[at] ?? null
            const label =
              value === null || field.codes === undefined ? undefined : labelText(contracts, field, value)
            print.line(
              `  ${field.title.zh} / ${field.name}: ${value ?? '-'}${label === undefined ? '' : `  (${label.zh})`}`,
            )
          }
        }
        for (const { rowsRead, rowsTaken, rowsRefused, repairs } of counts) {
          const also = repairsText(repairs)
          print.line(
            `${counted(rowsRead, 'row')} read, ${rowsTaken} would be taken, ${rowsRefused} refused${also}`,
          )
        }
        print.report(file, report)
      })
      return report.isInOrder ? exitCodes.ok : exitCodes.refused
    }
    return exitCodes.failed
  })
}

/** The edition whose period contains a day, or ended last. */
function currentEdition(period: Parameters<typeof periodOf>[0]['period'], day: string): string {
  const year = Number(day.slice(0, 4))
  if (period === 'year') return `${year}`
  return day.slice(5) >= '09-01' ? `${year}-${year + 1}` : `${year - 1}-${year}`
}
