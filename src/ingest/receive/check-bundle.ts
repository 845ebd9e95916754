/** Compares the stored bytes of a bundle with its id, which is their digest. */
import { BundleRefusal, identifyBundle, limitsOf } from '../../bundle/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import type { FileFault } from '../../files/files.ts'
import { storageFaultOf } from '../../platform/storage-fault.ts'
import type { Receipt } from '../receipts/receipts.ts'
import { bundleFolder } from './receive.ts'

/**
 * The fault of a stored bundle; undefined if it is intact, or need not be stored: bytes of a dropped,
 * erased or expired bundle are removed, and a folder that can't be read safely is never stored.
 */
export async function checkBundle(context: AppContext, receipt: Receipt): Promise<FileFault | undefined> {
  const { id, packing, bytes, state, erasedAt } = receipt
  if (state === 'dropped' || erasedAt !== null || (packing === 'folder' && bytes === 0)) return undefined
  if (packing === 'zip') {
    return context.files.check(`${bundleFolder(id)}/bundle.zip`, { bytes, digest: id }, { again: true })
  }
  const tree = `${bundleFolder(id)}/tree`
  if ((await context.files.list(tree)).length === 0) return 'missing'
  // The limits may have been lowered since it was received.
  const most = Number.MAX_SAFE_INTEGER
  const limits = { ...limitsOf(context.config), filesMax: most, bytesMax: most }
  try {
    const found = await identifyBundle(await context.files.localPath(tree), limits)
    return found.id === id ? undefined : 'digest'
  } catch (error) {
    if (error instanceof BundleRefusal) return 'digest'
    if (storageFaultOf(error) === 'failing') return 'unreadable'
    throw error
  }
}
