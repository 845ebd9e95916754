/** Whether a folder can be written, tried by writing: free blocks say nothing of quotas and permissions. */
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type StorageFault, storageFaultOf } from '../platform/storage-fault.ts'
import { unfinished, unfinishedName } from './unfinished.ts'

/** Some file systems store smaller files without a block of their own. */
const probeBytes = 64 * 1024

/**
 * Writes and removes a file in a folder of files, which is created unless `require` throws. Throws other errors than
 * these faults.
 */
export async function probeStorage(
  folder: string,
  require: () => Promise<void> = async () => undefined,
): Promise<StorageFault | undefined> {
  const path = join(folder, unfinished, await unfinishedName())
  try {
    await require()
    await mkdir(join(folder, unfinished), { recursive: true, mode: 0o700 })
    const handle = await open(path, 'wx', 0o600)
    try {
      await handle.writeFile(Buffer.alloc(probeBytes))
    } finally {
      await handle.close()
      await rm(path, { force: true })
    }
    return undefined
  } catch (error) {
    const fault = storageFaultOf(error)
    if (fault === undefined) throw error
    return fault
  }
}
