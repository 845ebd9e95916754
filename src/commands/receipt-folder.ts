/**
 * What goes back with the courier: the signed receipt of a bundle, its signature, and the findings as CSV, in a folder and
 * named like the bundle. Each file appears whole; one of an earlier time gives way, for the receipt tells the whole history.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { findingsCsv } from '../bundle/index.ts'
import type { OpenHouse } from '../house.ts'
import { getSignedReceipt, isAtRest, type Receipt, readFindings } from '../ingest/index.ts'

/** Writes `<name>.receipt.json`, `<name>.receipt.json.asc` and `<name>.findings.csv`. */
export async function writeReceipt(
  house: OpenHouse,
  receipt: Receipt,
  folder: string,
  bundle: string,
): Promise<void> {
  // What waits for other bags, or failed by our fault, has no end that a receipt could tell.
  if (!isAtRest(receipt)) return
  const { json, signature } = await getSignedReceipt(house, receipt)
  await mkdir(folder, { recursive: true })
  const place = join(folder, basename(resolve(bundle)).replace(/\.(zip|csv)$/i, ''))
  await writeWhole(`${place}.findings.csv`, findingsCsv(readFindings(house.database.work, receipt.id)))
  await writeWhole(`${place}.receipt.json.asc`, signature)
  await writeWhole(`${place}.receipt.json`, json)
}

async function writeWhole(path: string, data: Buffer | AsyncIterable<string | Uint8Array>): Promise<void> {
  const part = `${path}.${process.pid}.part`
  await writeFile(part, data)
  await rename(part, path)
}
