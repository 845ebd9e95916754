/**
 * Receipts as files: canonical JSON, and beside it a detached signature by the service's key, to be carried back to whoever
 * brought the bundle. Both are written once for each end that a bundle comes to, and never change. They name the digest
 * of the findings as CSV, so that the signature covers those as well. It refuses a bundle that is still under way.
 */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { loadServiceKey } from '../../accounts/index.ts'
import { findingsCsv, openPrivateKey, signBytes } from '../../bundle/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import { canonicalJson } from '../../platform/digest.ts'
import { problem } from '../../platform/problem.ts'
import { receiptBody } from './body.ts'
import { type BundleState, type Receipt, readFindings } from './receipts.ts'

export interface SignedReceipt {
  /** Canonical JSON, UTF-8, with a line break at its end. */
  readonly json: Buffer
  /** Armoured, detached, over those bytes. */
  readonly signature: Buffer
}

/** States in which nothing more happens to a bundle by itself. */
const atRest: readonly BundleState[] = ['staged', 'refused', 'quarantined', 'dropped']

/** Whether a bundle has come to an end that a receipt can tell. */
export function isTerminal({ state }: Pick<Receipt, 'state'>): boolean {
  return atRest.includes(state)
}

/** The signed receipt of a bundle; made at the first asking. Throws `receipt-not-final`. */
export async function getSignedReceipt(context: AppContext, receipt: Receipt): Promise<SignedReceipt> {
  if (!isTerminal(receipt)) throw problem('receipt-not-final', { state: receipt.state })
  // What was turned away may be brought again: each end has a history of its own, and a file of its own.
  const name = `receipts/${receipt.id}/${receipt.history.length}.json`
  // One at a time: the signature must be over the very bytes that stay.
  return context.database.lock(`receipt ${receipt.id}`, async () => {
    const json = await once(context, name, () => receiptJson(context, receipt))
    const signature = await once(context, `${name}.asc`, () => sign(context, json, receipt))
    return { json, signature }
  })
}

/** A file that is written where it is not there yet, and read. */
async function once(context: AppContext, name: string, make: () => Promise<string>): Promise<Buffer> {
  if ((await context.files.find(name)) === undefined) {
    const text = await make()
    await context.files.write(name, Readable.from([text]))
  }
  return buffer(context.files.read(name))
}

async function receiptJson(context: AppContext, receipt: Receipt): Promise<string> {
  // Addresses lead nowhere on a machine without a network, and another bundle may be in hand tomorrow.
  const { links: _links, inHand: _inHand, ...told } = receiptBody(context, receipt)
  const { fingerprint } = await loadServiceKey(context)
  const findings = createHash('sha256')
  for await (const chunk of findingsCsv(readFindings(context.database.work, receipt.id)))
    findings.update(chunk)
  const whole = {
    format: 'qingdan-receipt/1',
    ...told,
    findingsCsv: { sha256: findings.digest('hex') },
    signedBy: fingerprint,
  }
  return `${canonicalJson(whole)}\n`
}

/** Signed as of the bundle's end and without a salt: what a crash left unsigned is signed just so. */
async function sign(context: AppContext, json: Buffer, { history }: Receipt): Promise<string> {
  const opened = await openPrivateKey((await loadServiceKey(context)).privateKey)
  const ended = new Date(history.at(-1)?.at ?? context.clock())
  const at = ended < opened.createdAt ? opened.createdAt : ended
  return signBytes(json, opened.key, { at, isRepeatable: true })
}
