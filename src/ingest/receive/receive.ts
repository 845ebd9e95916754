/**
 * Receiving: the bytes are stored under their digest and answered with a receipt, before any of it is
 * checked. The same bytes again get the existing receipt; rejected bundles are processed again.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { type BundleIdentity, BundleRefusal, identifyBundle, limitsOf, openBag } from '../../bundle/index.ts'
import { type AppContext, refuseOnMirror } from '../../catalogue/index.ts'
import type { StoredFile } from '../../files/files.ts'
import { canonicalJson, digestOf, digestOfFile } from '../../platform/digest.ts'
import type { Finding } from '../../platform/finding.ts'
import { problem } from '../../platform/problem.ts'
import { refuseBundle } from '../pipeline/refuse.ts'
import {
  addBringer,
  findReceipt,
  getReceipt,
  isRejected,
  type Receipt,
  writeReceived,
} from '../receipts/receipts.ts'

/** The queue of bundles to process. */
export const takeBundleJob = 'take-bundle'

/** A bundle whose bytes are stored, and nothing more. */
export interface Received {
  readonly bundleId: string
  readonly packing: 'zip' | 'folder'
  /** Path of the stored bag, for random access. */
  readonly path: string
  readonly broughtBy: string
  /** The time for which its signature is checked. */
  readonly receivedAt: Date
  /** An officer released it: rows without an error are staged, whatever the number of errors. */
  readonly released: boolean
}

/**
 * Receives a bundle from a local path, a folder or a ZIP. Its job is sent in the transaction that writes the
 * receipt, so a crash loses neither. Throws the file system's error for an unreadable path.
 */
export async function receive(
  context: AppContext,
  from: { readonly path: string; readonly broughtBy: string },
): Promise<Receipt> {
  await refuseOnMirror(context.database.work)
  const isFolder = (await stat(from.path)).isDirectory()
  try {
    const identity = isFolder
      ? await identifyBundle(from.path, limitsOf(context.config))
      : await identifyFile(from.path)
    // If two receive the same bundle at once, a failing one must not delete what the other has stored.
    return await context.database.lock(`receive ${identity.id}`, () => receiveOne(context, from, identity))
  } catch (error) {
    if (!(error instanceof BundleRefusal)) throw error
    return refuseUnread(context, from.broughtBy, error.findings)
  }
}

async function receiveOne(
  context: AppContext,
  { path, broughtBy }: { readonly path: string; readonly broughtBy: string },
  identity: BundleIdentity,
): Promise<Receipt> {
  const { id, packing } = identity
  const known = await findReceipt(context.database.work, id)
  if (known !== undefined && !isRejected(known.state)) {
    await addBringer(context.database.work, id, broughtBy, context.clock())
    // Bytes that were lost or set aside as damaged are stored again; they are the same by their digest.
    // Erased ones stay erased.
    const isLost = known.erasedAt === null && (await context.files.list(bundleFolder(id))).length === 0
    if (isLost) await storeBundle(context, path, identity)
    return known
  }
  try {
    await storeBundle(context, path, identity)
  } catch (error) {
    // A drive unplugged meanwhile leaves nothing here; a bundle rejected earlier keeps its stored bytes.
    if (known === undefined && packing === 'folder') await context.files.remove(bundleFolder(id))
    throw error
  }
  context.observe('checkpoint-reached', { step: 'receive', point: 'stored' })
  return admit(context, identity, broughtBy)
}

/** A single file is assumed to be a ZIP; `verify` checks that. */
async function identifyFile(path: string): Promise<BundleIdentity> {
  return { packing: 'zip', id: await digestOfFile(path), bytes: (await stat(path)).size }
}

/** A folder that can't be read safely (links, devices, too large) isn't stored; its receipt says why. */
async function refuseUnread(
  context: AppContext,
  broughtBy: string,
  findings: readonly Finding[],
): Promise<Receipt> {
  const id = digestOf(canonicalJson(findings))
  await context.database.work.begin((tx) =>
    writeReceived(tx, { id, packing: 'folder', bytes: 0, broughtBy, receivedAt: context.clock() }),
  )
  await refuseBundle(context, id, { findings })
  return getReceipt(context.database.work, id)
}

/** Receives a ZIP's bytes as they arrive over the network. The files' limit throws `body-too-large`. */
export async function receiveStream(
  context: AppContext,
  from: { readonly source: AsyncIterable<Uint8Array>; readonly broughtBy: string },
): Promise<Receipt> {
  await refuseOnMirror(context.database.work)
  // The digest is the name and known only after the last byte; until then a crash leaves nothing behind.
  const name = ({ digest }: StoredFile) => `${bundleFolder(digest)}/bundle.zip`
  const bytesMax = context.config.QINGDAN_BODY_BYTES_MAX
  const { digest, bytes } = await context.files.write(name, from.source, {
    bytesMax,
    replace: damaged,
  })
  const known = await findReceipt(context.database.work, digest)
  if (known !== undefined && !isRejected(known.state)) {
    await addBringer(context.database.work, digest, from.broughtBy, context.clock())
    return known
  }
  return admit(context, { packing: 'zip', id: digest, bytes }, from.broughtBy)
}

/** The stored bundle to process; undefined if its state is terminal. Throws for an unknown id. */
export async function readReceived(context: AppContext, id: string): Promise<Received | undefined> {
  const receipt = await getReceipt(context.database.work, id)
  if (receipt.state === 'staged' || isRejected(receipt.state)) return undefined
  return readStored(context, receipt)
}

/** The stored bytes of a bundle, in any state. */
export async function readStored(context: AppContext, receipt: Receipt): Promise<Received> {
  const place = receipt.packing === 'zip' ? 'bundle.zip' : 'tree'
  return {
    bundleId: receipt.id,
    packing: receipt.packing,
    path: await context.files.localPath(`${bundleFolder(receipt.id)}/${place}`),
    broughtBy: receipt.broughtBy,
    receivedAt: receipt.receivedAt,
    released: receipt.decision?.act === 'release',
  }
}

/** Folder of a bundle among the stored files. */
export function bundleFolder(id: string): string {
  return `bundles/${id}`
}

/** The digest in the folder's name says which bytes belong there, so other ones can only be damaged. */
const damaged = true

async function storeBundle(context: AppContext, path: string, identity: BundleIdentity): Promise<void> {
  const folder = bundleFolder(identity.id)
  if (identity.packing === 'zip') {
    const stored = await context.files.write(
      `${folder}/bundle.zip`,
      createReadStream(path, { highWaterMark: 1 << 20 }),
      { replace: damaged },
    )
    assertUnchanged(stored.digest === identity.id)
    return
  }
  const bag = await openBag(path, 'folder', limitsOf(context.config))
  try {
    let lines = ''
    for (const entry of bag.entries) {
      const stored = await context.files.write(`${folder}/tree/${entry.path}`, bag.read(entry.path), {
        replace: damaged,
      })
      lines += `${stored.digest}  ${entry.path}\n`
    }
    assertUnchanged(digestOf(lines) === identity.id)
  } finally {
    await bag.close()
  }
}

function assertUnchanged(same: boolean): void {
  if (!same)
    throw new Error('The bundle changed while it was being read. Send it again when it no longer changes.')
}

async function admit(context: AppContext, bundle: BundleIdentity, broughtBy: string): Promise<Receipt> {
  const { id, packing, bytes } = bundle
  const first = await context.database.work.begin(async (tx) => {
    const written = await writeReceived(tx, { id, packing, bytes, broughtBy, receivedAt: context.clock() })
    // A concurrent drop of the same bundle may have erased the bytes just stored; from here on it can't.
    if (written && (await context.files.list(bundleFolder(id))).length === 0) throw problem('not-ready')
    if (written) await context.jobs.send(tx, takeBundleJob, { bundle: id })
    return written
  })
  if (first) context.observe('bundle-received', { bundle: id, bytes })
  return getReceipt(context.database.work, id)
}
