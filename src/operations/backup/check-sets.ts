/**
 * Checks a backup folder without the private key: every signature, and that every object is there with the digest
 * that its set says. Reads everything and changes nothing.
 */
import { resolve } from 'node:path'
import type { PublicKeyFile } from '../../bundle/index.ts'
import type { Progress } from '../../ingest/index.ts'
import { BackupFault } from './fault.ts'
import { verifyObject } from './objects.ts'
import { listSetNames, readSet, type SignedSet } from './set.ts'

export interface CheckedSet {
  readonly set: string
  /** The moment of its snapshot, if the description can be read. */
  readonly at: string | null
  readonly signedBy: string | null
  readonly recipient: string | null
  readonly objects: number
  readonly bytes: number
  /** Empty if the set is complete and unaltered. */
  readonly faults: readonly string[]
}

/** Faults listed for one set; the first show the cause. */
const faultsMax = 20

/** Checks all sets of a folder, the oldest first. `trusted` must have signed them. Throws BackupFault for none. */
export async function checkSets(
  order: {
    readonly folder: string
    readonly trusted?: PublicKeyFile | undefined
    readonly progress?: Progress
  },
  now: Date,
): Promise<readonly CheckedSet[]> {
  const folder = resolve(order.folder)
  const names = await listSetNames(folder)
  if (names.length === 0) throw new BackupFault('no-set', `${folder} contains no set of a backup.`)
  const faulty = new Map<string, string | undefined>()
  const checked: CheckedSet[] = []
  for (const name of names) {
    const set = await readSet(folder, name, { trusted: order.trusted, now }).catch(faultOf)
    checked.push(
      typeof set === 'string'
        ? { set: name, at: null, signedBy: null, recipient: null, objects: 0, bytes: 0, faults: [set] }
        : await checkObjects(folder, set, faulty, order.progress),
    )
  }
  return checked
}

async function checkObjects(
  folder: string,
  { name, description, signer }: SignedSet,
  faulty: Map<string, string | undefined>,
  progress: Progress = () => undefined,
): Promise<CheckedSet> {
  const { objects, at, recipient } = description
  const faults: string[] = []
  for (const [index, object] of objects.entries()) {
    // Sets share objects; each is read once for each digest.
    const key = `${object.name} ${object.sha256}`
    if (!faulty.has(key)) faulty.set(key, await verifyObject(folder, object).then(() => undefined, faultOf))
    const fault = faulty.get(key)
    if (fault !== undefined && faults.length < faultsMax) faults.push(fault)
    progress(name, index + 1, objects.length)
  }
  const bytes = objects.reduce((sum, object) => sum + object.bytes, 0)
  return { set: name, at, signedBy: signer.fingerprint, recipient, objects: objects.length, bytes, faults }
}

function faultOf(error: unknown): string {
  if (error instanceof BackupFault) return error.message
  throw error
}
