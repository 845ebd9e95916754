/**
 * Receiving: the bytes are stored under their digest and answered with a receipt, before anything in them is believed.
 * The same bytes again are answered with the receipt they already have.
 */
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { type Identified, identifyBundle } from '../bundle/index.ts'
import type { House } from '../catalogue/index.ts'
import type { Digest } from '../base/digest.ts'
import { bundleLimits } from './limits.ts'
import { refuse } from './quarantine.ts'
import { findReceipt, type Receipt, writeReceived } from './receipts.ts'

/** The queue of bundles to walk; a worker takes them at our pace. */
export const takeBundleJob = 'take-bundle'

/** A bundle whose bytes are ours, and nothing more. */
export interface Received {
  readonly bundleId: string
  readonly packing: 'zip' | 'folder'
  /** Where the stored bag can be read at random. */
  readonly path: string
  readonly broughtBy: string
}

/**
 * Receives a bundle from a path on this machine, a folder or a ZIP. The job that walks it is sent in the transaction
 * that writes the receipt, so a crash loses neither. Throws the file system's error where the path can't be read.
 */
export async function receive(
  house: House,
  from: { readonly path: string; readonly broughtBy: string },
): Promise<Receipt> {
  const identified = await identifyBundle(from.path, bundleLimits(house.config))
  const known = await findReceipt(house.database.work, identified.id)
  if (known !== undefined && !mayRetry(known, from.broughtBy)) return known
  await storeBundle(house, from.path, identified)
  house.observe('step-reached', { step: 'receive', point: 'stored' })
  const receipt = await admit(house, identified, from.broughtBy)
  if (identified.findings.length === 0 || receipt.state !== 'received') return receipt
  await refuse(house, receipt.id, { findings: identified.findings })
  return (await findReceipt(house.database.work, receipt.id)) ?? receipt
}

/** Receives the bytes of a ZIP as they arrive over the network. Throws `body-too-large` by way of the files' limit. */
export async function receiveStream(
  house: House,
  from: { readonly source: AsyncIterable<Uint8Array>; readonly name: string; readonly broughtBy: string },
): Promise<Receipt> {
  const incoming = `incoming/${from.name}.zip`
  try {
    const stored = await house.files.write(incoming, from.source, { bytesMax: house.config.QINGDAN_BODY_BYTES_MAX })
    const known = await findReceipt(house.database.work, stored.digest)
    if (known !== undefined && !mayRetry(known, from.broughtBy)) return known
    const place = `${bundleFolder(stored.digest)}/bundle.zip`
    if ((await house.files.find(place)) === undefined) await house.files.move(incoming, place)
    return await admit(house, { packing: 'zip', id: stored.digest, bytes: stored.bytes }, from.broughtBy)
  } finally {
    await house.files.remove(incoming)
  }
}

/** The stored bundle to walk; undefined where its journey has ended. Throws where nothing of this id was received. */
export async function readReceived(house: House, id: string): Promise<Received | undefined> {
  const receipt = await findReceipt(house.database.work, id)
  if (receipt === undefined) throw new Error(`no bundle ${id}`)
  if (receipt.state === 'staged' || receipt.state === 'refused') return undefined
  return readStored(house, receipt)
}

/** The stored bytes of a bundle, whatever became of it. */
export async function readStored(house: House, receipt: Receipt): Promise<Received> {
  const place = receipt.packing === 'zip' ? 'bundle.zip' : 'tree'
  return {
    bundleId: receipt.id,
    packing: receipt.packing,
    path: await house.files.localPath(`${bundleFolder(receipt.id)}/${place}`),
    broughtBy: receipt.broughtBy,
  }
}

/** Folder of a bundle among the stored files. */
export function bundleFolder(id: string): string {
  return `bundles/${id}`
}

/** What was refused may be brought by someone else, whose rights may differ. */
function mayRetry(known: Receipt, broughtBy: string): boolean {
  return known.state === 'refused' && known.broughtBy !== broughtBy
}

async function storeBundle(house: House, path: string, identified: Identified): Promise<void> {
  const folder = bundleFolder(identified.id)
  if (identified.packing === 'zip') {
    const stored = await house.files.write(`${folder}/bundle.zip`, createReadStream(path, { highWaterMark: 1 << 20 }))
    assertUnchanged(stored.digest === identified.id)
    return
  }
  for (const file of identified.files) {
    const source = createReadStream(join(path, file.path), { highWaterMark: 1 << 20 })
    const stored = await house.files.write(`${folder}/tree/${file.path}`, source)
    assertUnchanged(stored.digest === file.digest)
  }
}

function assertUnchanged(same: boolean): void {
  if (!same) throw new Error('The bundle changed while it was being read. Bring it again once it is at rest.')
}

async function admit(
  house: House,
  bundle: { readonly id: Digest; readonly packing: 'zip' | 'folder'; readonly bytes: number },
  broughtBy: string,
): Promise<Receipt> {
  const { id, packing, bytes } = bundle
  const first = await house.database.work.begin(async (tx) => {
    const written = await writeReceived(tx, { id, packing, bytes, broughtBy, receivedAt: house.clock() })
    if (written) await house.jobs.send(tx, takeBundleJob, { bundle: id })
    return written
  })
  if (first) house.observe('bundle-received', { bundle: id, bytes })
  const receipt = await findReceipt(house.database.work, id)
  if (receipt === undefined) throw new Error('a receipt just written is not there')
  return receipt
}
