/**
 * A receipt as files that travel back beside the bundle: `receipt.json`, and `findings.csv` for whoever mends the rows.
 * Files of a former receipt in the same folder give way, one after the other.
 */
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findingsCsv } from '../bundle/index.ts'
import type { House } from '../catalogue/index.ts'
import { receiptBody } from './receipt-body.ts'
import { type Receipt, readFindings } from './receipts.ts'

/** Names of the files that a receipt is made of. */
export const receiptFileNames: readonly string[] = ['receipt.json', 'findings.csv']

/** Writes the files of a receipt into a folder that is there. Each appears whole or not at all. */
export async function writeReceiptFiles(house: House, receipt: Receipt, folder: string): Promise<void> {
  await writeWhole(join(folder, 'findings.csv'), findingsCsv(readFindings(house.database.work, receipt.id)))
  await writeWhole(join(folder, 'receipt.json'), `${JSON.stringify(receiptBody(house, receipt), null, 2)}\n`)
}

async function writeWhole(path: string, content: string | AsyncIterable<string>): Promise<void> {
  const part = `${path}.part`
  await writeFile(part, content)
  await rename(part, path)
}
