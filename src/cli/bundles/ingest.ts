/** `qingdan ingest`: ingests bundles, or loose CSV and XLSX files as if their provider had bundled them. */
import { basename, resolve } from 'node:path'
import { isTableFile, limitsOf } from '../../bundle/index.ts'
import type { OpenContext } from '../../context.ts'
import {
  findReceipt,
  isRejected,
  listFindings,
  type Receipt,
  readFindings,
  receiptBody,
  receive,
  takeBundle,
  writeReceiptFiles,
} from '../../ingest/index.ts'
import type { Finding } from '../../platform/finding.ts'
import { actor, type Common, exitCodes, type FindingsOption, requirePaths } from '../command.ts'
import { progressLine } from '../display/progress.ts'
import { print, within, writeFindings } from '../output.ts'
import { withContext } from '../with-context.ts'
import { looseSources, openServiceKey, withBag } from './loose-files.ts'
import { type PurposeOptions, purposeOf } from './purpose.ts'

export interface IngestOptions extends Common, FindingsOption, PurposeOptions {
  readonly receipts?: string
  readonly sheet?: string
}

export async function ingest(paths: readonly string[], options: IngestOptions): Promise<number> {
  await requirePaths(paths)
  return withContext(async (context) => {
    const loose = paths.filter(isTableFile)
    const bags = paths.filter((path) => !loose.includes(path))
    // Checked before anything is ingested: a refused command line must have no effect.
    const purpose = loose.length === 0 ? undefined : purposeOf(context.contracts, options)
    let code: number = exitCodes.ok
    const taken: IngestedBundle[] = []
    const waiting: Receipt[] = []
    const take = async (path: string, name: string) => {
      const received = await receive(context, { path, broughtBy: actor() })
      const receipt = await takeBundle(context, received.id, progressLine(name))
      taken.push({ id: receipt.id, path: name })
      // A bundle that waits for other bags may be complete after they arrive, so it is reported later.
      if (receipt.state !== 'waiting') await report(receipt)
      else waiting.push(receipt)
    }
    const report = async (receipt: Receipt) => {
      await printReceipt(context, receipt, options)
      if (isRejected(receipt.state)) code = exitCodes.refused
      const name = taken.find(({ id }) => id === receipt.id)?.path ?? receipt.id
      // A bundle that still waits for other bags has no final receipt to write.
      if (options.receipts !== undefined && receipt.state !== 'waiting')
        await writeReceiptFiles(context, receipt, options.receipts, `${stemOf(name)}.`)
    }
    for (const path of bags) await take(path, path)
    if (purpose !== undefined) {
      const { contract } = context.contracts.get(purpose.dataset)
      const limits = limitsOf(context.config)
      const sources = loose.map((path) => ({ name: basename(path), source: path }))
      const files = await looseSources(sources, { contract, limits, sheet: options.sheet })
      const signWith = await openServiceKey(context)
      const bag = { ...purpose, files, clock: context.clock, signWith }
      await withBag(bag, (folder) => take(folder, loose.join(', ')))
    }
    for (const receipt of waiting)
      await report((await findReceipt(context.database.work, receipt.id)) ?? receipt)
    await writeFindings(options, findingsOf(context, taken))
    return code
  })
}

/** The base name of a receipt's files: the bundle's name, or that of the first loose file. */
function stemOf(bundle: string): string {
  return basename(resolve(bundle)).replace(/\.(zip|csv|tsv|xlsx)$/i, '')
}

interface IngestedBundle {
  readonly id: string
  readonly path: string
}

/** The findings of all bundles in order; with several bundles, the file name is prefixed by the bundle. */
async function* findingsOf(
  { database }: OpenContext,
  taken: readonly IngestedBundle[],
): AsyncGenerator<readonly Finding[]> {
  for (const { id, path } of taken) {
    for await (const findings of readFindings(database.work, id)) {
      yield taken.length === 1 ? findings : findings.map((finding) => within(path, finding))
    }
  }
}

/** Findings shown in a terminal; the JSON has all that are stored. */
const findingsShown = 20

async function printReceipt(context: OpenContext, receipt: Receipt, options: Common): Promise<void> {
  const limit = options.json ? context.config.QINGDAN_FINDINGS_MAX + 1 : findingsShown
  const findings = await listFindings(context.database.work, receipt.id, { after: 0, limit })
  print.result(options, { ...receiptBody(context, receipt), findings }, () =>
    print.receipt(receipt, findings),
  )
}
