/** `qingdan ingest`: brings bundles, or loose CSV files as if their provider had put them into one. */
import { basename, extname } from 'node:path'
import { partsOf, periodOf } from '../contract/index.ts'
import type { OpenHouse } from '../house.ts'
import { listFindings, type Receipt, receive, takeBundle } from '../ingest/index.ts'
import { withBag } from '../loose-files.ts'
import {
  type AddCommand,
  actor,
  type Common,
  command,
  exitCodes,
  requirePaths,
  UsageError,
  withHouse,
} from './command.ts'
import { print, progressLine } from './output.ts'

interface IngestOptions extends Common {
  readonly dataset?: string
  readonly edition?: string
  readonly provider?: string
  readonly synthetic?: boolean
}

export const ingestCommand: AddCommand = (program, end) => {
  command(program, 'ingest', 'bring bundles: verify, validate and stage them')
    .argument('<path...>', 'bag folders or ZIPs; or loose CSV files, with the options below')
    .option('--dataset <slug>', 'for loose CSV files: the dataset they are for')
    .option('--edition <name>', 'for loose CSV files: the edition')
    .option('--provider <code>', 'for loose CSV files: who provides them; by default the only one')
    .option('--synthetic', 'for loose CSV files: the data are made up')
    .action(async (paths: string[], options: IngestOptions) => end(await ingest(paths, options)))
}

async function ingest(paths: readonly string[], options: IngestOptions): Promise<number> {
  await requirePaths(paths)
  return withHouse(async (house) => {
    const loose = paths.filter((path) => extname(path).toLowerCase() === '.csv')
    const bags = paths.filter((path) => !loose.includes(path))
    // Before anything is taken: a command line that is refused has done nothing.
    const purpose = loose.length === 0 ? undefined : purposeOf(house, options)
    let code: number = exitCodes.ok
    const take = async (path: string, name: string) => {
      const received = await receive(house, { path, broughtBy: actor() })
      const receipt = await takeBundle(house, received.id, progressLine(name))
      await printReceipt(house, receipt, options)
      if (receipt.state === 'refused') code = exitCodes.refused
    }
    for (const path of bags) await take(path, path)
    if (purpose === undefined) return code
    const files = loose.map((path) => ({ name: basename(path), source: path }))
    const bag = { ...purpose, files, clock: house.clock }
    await withBag(bag, (folder) => take(folder, loose.join(', ')))
    return code
  })
}

/** What a bag needs to know and a loose file does not say. */
function purposeOf(house: OpenHouse, options: IngestOptions) {
  const { dataset, edition } = options
  if (dataset === undefined || edition === undefined) {
    throw new UsageError('A loose CSV needs --dataset and --edition.')
  }
  const { contract } = house.contracts.get(dataset)
  if (periodOf(contract, edition) === undefined) {
    const example = contract.period === 'year' ? '2025' : '2025-2026'
    throw new UsageError(`Editions of ${dataset} are named like ${example}.`)
  }
  const providers = partsOf(contract).map((part) => part.provider)
  const provider = options.provider ?? (providers.length === 1 ? providers[0] : undefined)
  if (provider === undefined || !providers.includes(provider))
    throw new UsageError(`--provider must be one of ${providers.join(', ')}.`)
  const { contractVersion } = contract
  return { dataset, edition, provider, contractVersion, synthetic: options.synthetic === true }
}

/** Findings shown in a terminal; all that are kept are in the JSON. */
const findingsShown = 20

async function printReceipt(house: OpenHouse, receipt: Receipt, options: Common): Promise<void> {
  const limit = options.json ? house.config.QINGDAN_FINDINGS_MAX : findingsShown
  const findings = await listFindings(house.database.work, receipt.id, { after: 0, limit })
  print.result(options, { ...receipt, findings }, () => print.receipt(receipt, findings))
}
