/**
 * Removes old sets of a backup folder, and the objects that no remaining set lists. Sets of other services in
 * the folder, and sets that can't be read, keep their objects.
 */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readPublicKey } from '../../bundle/index.ts'
import { BackupFault } from './fault.ts'
import { objectsFolder } from './objects.ts'
import { listSetNames, readSet, setsFolder } from './set.ts'

interface PruneOrder {
  /** How many sets of this service remain, at least one. */
  readonly keepSets: number
  readonly signer: { readonly publicKey: string; readonly fingerprint: string }
  readonly now: Date
}

/** Removes the oldest sets of a service and returns their names. */
export async function removeOldSets(
  folder: string,
  { keepSets, signer, now }: PruneOrder,
): Promise<readonly string[]> {
  const own: string[] = []
  const { fingerprint } = await readPublicKey(signer.publicKey)
  const listed = new Map<string, readonly string[]>()
  for (const name of await listSetNames(folder)) {
    const set = await readSet(folder, name, { now }).catch((error: unknown) => {
      if (!(error instanceof BackupFault)) throw error
      return undefined
    })
    // What an unreadable set needs is unknown: no object is removed.
    if (set === undefined) return []
    listed.set(
      name,
      set.description.objects.map((object) => object.name),
    )
    if (set.signer.fingerprint === fingerprint) own.push(name)
  }
  const removed = own.slice(0, Math.max(0, own.length - keepSets))
  if (removed.length === 0) return []
  for (const name of removed) {
    // The description first: without it there is no set, whatever a crash leaves.
    await rm(join(folder, setsFolder, `${name}.json`), { force: true })
    await rm(join(folder, setsFolder, `${name}.json.asc`), { force: true })
    listed.delete(name)
  }
  await removeObjects(folder, new Set([...listed.values()].flat()))
  return removed
}

/** Removes all objects but those of the remaining sets. */
async function removeObjects(folder: string, needed: ReadonlySet<string>): Promise<void> {
  const root = join(folder, objectsFolder)
  for (const group of await readdir(root)) {
    if (!/^[0-9a-f]{2}$/.test(group)) continue
    for (const name of await readdir(join(root, group))) {
      if (!needed.has(name.replace(/\.pgp$/, ''))) await rm(join(root, group, name), { force: true })
    }
  }
}
