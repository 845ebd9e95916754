/**
 * Files of a receipt, sent back with the bundle: `receipt.json`, its signature once the bundle is final, and
 * `findings.csv` for whoever corrects the rows. Files of an older receipt are replaced one by one.
 */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findingsCsv } from '../../bundle/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import { receiptBody } from './body.ts'
import { type Receipt, readFindings } from './receipts.ts'
import { getSignedReceipt, isTerminal } from './signed-receipt.ts'

/** Names of the files of a receipt. */
export const receiptFileNames: readonly string[] = ['receipt.json', 'receipt.json.asc', 'findings.csv']

/** Writes the files of a receipt into a folder, created if necessary; each file is written atomically. */
export async function writeReceiptFiles(
  context: AppContext,
  receipt: Receipt,
  folder: string,
  prefix = '',
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const place = (name: string) => join(folder, `${prefix}${name}`)
  await writeWhole(place('findings.csv'), findingsCsv(readFindings(context.database.work, receipt.id)))
  if (isTerminal(receipt)) {
    const { json, signature } = await getSignedReceipt(context, receipt)
    await writeWhole(place('receipt.json.asc'), signature)
    await writeWhole(place('receipt.json'), json)
    return
  }
  await rm(place('receipt.json.asc'), { force: true })
  await writeWhole(place('receipt.json'), `${JSON.stringify(receiptBody(context, receipt), null, 2)}\n`)
}

async function writeWhole(
  path: string,
  content: string | Uint8Array | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const part = `${path}.part`
  await writeFile(part, content)
  await rename(part, path)
}
