/**
 * Signed receipts: canonical JSON and a detached signature by the service's key, to be returned to the sender
 * of the bundle. Both are written once for each terminal state of the bundle and never change. They contain
 * the digest of the findings CSV, so that the signature covers it too. Bundles in progress are refused.
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
import { type Receipt, readFindings } from './receipts.ts'
import type { BundleState } from './schemas.ts'

interface SignedReceipt {
  /** Canonical JSON, UTF-8, ending with a line break. */
  readonly json: Buffer
  /** Armoured, detached, over those bytes. */
  readonly signature: Buffer
}

/** Terminal states: nothing more happens to a bundle by itself. */
const signedStates: readonly BundleState[] = ['staged', 'refused', 'quarantined', 'dropped']

/** Whether a bundle is in a terminal state, so that its receipt is final. */
export function isTerminal({ state }: Pick<Receipt, 'state'>): boolean {
  return signedStates.includes(state)
}

/** Folder of a bundle's signed receipts among the stored files. */
export function receiptFolder(id: string): string {
  return `receipts/${id}`
}

/** The signed receipt of a bundle, created on first request. Throws `receipt-not-final`. */
export async function getSignedReceipt(context: AppContext, receipt: Receipt): Promise<SignedReceipt> {
  if (!isTerminal(receipt)) throw problem('receipt-not-final', { state: receipt.state })
  // A rejected bundle may be received again: each terminal state has its own history and its own file.
  const name = `${receiptFolder(receipt.id)}/${receipt.history.length}.json`
  // One at a time: the signature must cover the bytes that are stored.
  return context.database.lock(`receipt ${receipt.id}`, async () => {
    const json = await once(context, name, () => receiptJson(context, receipt))
    const signature = await once(context, `${name}.asc`, () => sign(context, json, receipt))
    return { json, signature }
  })
}

/** Reads a file, and writes it first if it does not exist. */
async function once(context: AppContext, name: string, make: () => Promise<string>): Promise<Buffer> {
  if ((await context.files.find(name)) === undefined) {
    const text = await make()
    await context.files.write(name, Readable.from([text]))
  }
  return buffer(context.files.read(name))
}

async function receiptJson(context: AppContext, receipt: Receipt): Promise<string> {
  const { fingerprint } = await loadServiceKey(context)
  return `${canonicalJson({ ...(await receiptFacts(context, receipt)), signedBy: fingerprint })}\n`
}

/** What a signed receipt says, without its signer. */
export async function receiptFacts(context: AppContext, receipt: Receipt): Promise<object> {
  // Left out: links, useless on a machine without a network, and what may change later.
  const { links: _links, inHand: _inHand, erasedAt: _erasedAt, ...body } = receiptBody(context, receipt)
  const findings = createHash('sha256')
  for await (const chunk of findingsCsv(readFindings(context.database.work, receipt.id)))
    findings.update(chunk)
  return { format: 'qingdan-receipt/1', ...body, findingsCsv: { sha256: findings.digest('hex') } }
}

/** Dated by the terminal state and without a salt, so that a repeat gives the same signature. */
async function sign(context: AppContext, json: Buffer, { history }: Receipt): Promise<string> {
  const opened = await openPrivateKey((await loadServiceKey(context)).privateKey)
  const ended = new Date(history.at(-1)?.at ?? context.clock())
  const at = ended < opened.createdAt ? opened.createdAt : ended
  return signBytes(json, opened.key, { at, isRepeatable: true })
}
