/**
 * Receipts as files: canonical JSON, and beside it a detached signature by the service's key, to be carried back to whoever
 * brought the bundle. Both are written once for each end that a bundle comes to, and never change. They name the digest
 * of the findings as CSV, so that the signature covers those as well. It refuses a bundle that is still under way.
 */
import { createHash } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { loadServiceKey } from '../access/index.ts'
import { canonicalJson } from '../base/digest.ts'
import { problem } from '../base/problem.ts'
import { findingsCsv, openPrivateKey, signBytes } from '../bundle/index.ts'
import type { House } from '../catalogue/index.ts'
import { receiptBody } from './receipt-body.ts'
import { type Receipt, readFindings } from './receipts.ts'

export interface SignedReceipt {
  /** Canonical JSON, UTF-8, with a line break at its end. */
  readonly json: Buffer
  /** Armoured, detached, over those bytes. */
  readonly signature: Buffer
}

/** States after which nothing more happens to a bundle by itself. */
const finals: ReadonlySet<string> = new Set(['waiting', 'staged', 'refused', 'quarantined', 'dropped'])

/** Names of the files that a receipt is made of. */
export const receiptFileNames: readonly string[] = ['receipt.json', 'receipt.json.asc', 'findings.csv']

/**
 * Writes the files of a receipt into a folder, made if need be, each whole or not at all; those of an earlier time give
 * way, for the receipt tells the whole history. Throws `receipt-not-final`.
 */
export async function writeReceiptFiles(
  house: House,
  receipt: Receipt,
  folder: string,
  prefix = '',
): Promise<void> {
  const { json, signature } = await getSignedReceipt(house, receipt)
  await mkdir(folder, { recursive: true })
  const place = (name: string) => join(folder, `${prefix}${name}`)
  await writeWhole(place('findings.csv'), findingsCsv(readFindings(house.database.work, receipt.id)))
  await writeWhole(place('receipt.json.asc'), signature)
  await writeWhole(place('receipt.json'), json)
}

async function writeWhole(path: string, data: Buffer | AsyncIterable<string>): Promise<void> {
  const part = `${path}.part`
  await writeFile(part, data)
  await rename(part, path)
}

/** The signed receipt of a bundle; made at the first asking. Throws `receipt-not-final`. */
export async function getSignedReceipt(house: House, receipt: Receipt): Promise<SignedReceipt> {
  if (!finals.has(receipt.state)) throw problem('receipt-not-final', { state: receipt.state })
  // A refused bundle may be brought again: each end has a history of its own, and a file of its own.
  const name = `receipts/${receipt.id}/${receipt.history.length}.json`
  const json = await once(house, name, () => receiptJson(house, receipt))
  const signature = await once(house, `${name}.asc`, () => sign(house, json, receipt))
  return { json, signature }
}

/** A file that is written by whoever comes first; those who come together write the same. */
async function once(house: House, name: string, make: () => Promise<string>): Promise<Buffer> {
  if ((await house.files.find(name)) === undefined) {
    const text = await make()
    await house.files.write(name, Readable.from([text]))
  }
  return buffer(house.files.read(name))
}

async function receiptJson(house: House, receipt: Receipt): Promise<string> {
  // Addresses lead nowhere on a machine without a network, and another bundle may be in hand tomorrow.
  const { links: _links, inHand: _inHand, ...told } = receiptBody(house, receipt)
  const { fingerprint } = await loadServiceKey(house)
  const findings = createHash('sha256')
  for await (const chunk of findingsCsv(readFindings(house.database.work, receipt.id))) findings.update(chunk)
  const whole = {
    format: 'qingdan-receipt/1',
    ...told,
    findingsCsv: { sha256: findings.digest('hex') },
    signedBy: fingerprint,
  }
  return `${canonicalJson(whole)}\n`
}

/** Signed as of the bundle's end and without a salt, so that two processes that sign it make the same signature. */
async function sign(house: House, json: Buffer, { history }: Receipt): Promise<string> {
  const opened = await openPrivateKey((await loadServiceKey(house)).privateKey)
  const ended = new Date(history.at(-1)?.at ?? house.clock())
  const at = ended < opened.createdAt ? opened.createdAt : ended
  return signBytes(json, opened.key, { at, isRepeatable: true })
}
