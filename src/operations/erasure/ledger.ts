/**
 * Writes the ledger of erasures in a folder of backups. A line is written in the transaction of its erasure,
 * before it is committed, and every backup adds what the ledger does not have: erasures of a process that was
 * killed, or that was not given the folder. An erasure is written once, however often its command is repeated.
 */
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type AppContext,
  type ErasedVersion,
  findOrigin,
  listErasedVersions,
  readMirror,
} from '../../catalogue/index.ts'
import { type ErasedBundle, listErasedBundles } from '../../ingest/index.ts'
import { defined } from '../../platform/defined.ts'
import { type ErasureEntry, erasuresFile, readLedger } from '../backup/erasures.ts'
import { withFolderLock } from '../backup/folder-lock.ts'
import { setsFolder } from '../backup/set.ts'

/** A lock that an erasure holds from its line to its commit, and a backup until it has its snapshot. */
export const ledgerLock = 'ledger of erasures'

/** Others write a line in milliseconds. */
const lockMillisecondsMax = 30_000

/** What identifies an erasure: its subject and its moment. */
function identityOf(entry: ErasureEntry): string {
  const subject =
    entry.kind === 'bundle' ? [entry.bundle] : [entry.dataset, entry.edition, String(entry.version)]
  return JSON.stringify([Date.parse(entry.at), entry.origin, ...subject])
}

/**
 * Appends the entries that the ledger of a folder does not have, and creates both if they are missing. An
 * incomplete last line is removed, because its erasure was not committed. Call it under `ledgerLock`. Throws
 * BackupFault for a faulty line.
 */
export async function appendErasures(folder: string, entries: readonly ErasureEntry[]): Promise<void> {
  // Another service may write its erasures into the same folder.
  const lock = { folder, name: 'erasures', millisecondsMax: lockMillisecondsMax } as const
  await withFolderLock(lock, () => append(folder, entries))
}

async function append(folder: string, entries: readonly ErasureEntry[]): Promise<void> {
  const { entries: present, text, tornBytes } = await readLedger(folder)
  const known = new Set(present.map(identityOf))
  const added = entries.filter((entry) => !known.has(identityOf(entry)))
  if (added.length === 0 && tornBytes === 0) return
  const handle = await open(join(folder, erasuresFile), 'a', 0o600)
  try {
    if (tornBytes > 0) await handle.truncate(Buffer.byteLength(text))
    // A line written by hand may have no end.
    const { size } = await handle.stat()
    const gap = size < Buffer.byteLength(text) ? '\n' : ''
    await handle.appendFile(`${gap}${added.map((entry) => `${JSON.stringify(entry)}\n`).join('')}`)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Appends all erasures of the service that the ledger of a folder does not have. Call it under `ledgerLock`. */
export async function completeLedger(context: AppContext, folder: string): Promise<void> {
  const { work } = context.database
  // A mirror does not erase: what its source erases comes with the exports.
  if ((await readMirror(work)) !== undefined) return
  const origin = await findOrigin(context.database)
  const versions = await listErasedVersions(work)
  const bundles = await listErasedBundles(context)
  const entries = [
    ...versions.map(({ erasedAt, ...version }) => versionEntry(origin, { at: erasedAt, ...version })),
    ...bundles.map((bundle) => bundleEntry(origin, bundle)),
  ]
  if (entries.length > 0) await appendErasures(folder, entries)
}

/** The line of an erased version; its withdrawal is noted if it was an earlier act. */
export function versionEntry(
  origin: string,
  erased: Pick<ErasedVersion, 'dataset' | 'edition' | 'number' | 'reason'> & {
    readonly at: Date
    readonly withdrawnAt: Date | null
    readonly withdrawnReason: string | null
  },
): ErasureEntry {
  const { dataset, edition, number: version, reason, at, withdrawnAt, withdrawnReason } = erased
  const isEarlier = withdrawnAt !== null && withdrawnAt.getTime() !== at.getTime()
  const withdrawn = isEarlier
    ? { at: withdrawnAt.toISOString(), reason: withdrawnReason ?? reason }
    : undefined
  const named = { kind: 'version' as const, dataset, edition, version }
  return { at: at.toISOString(), origin, ...named, reason, ...defined({ withdrawn }) }
}

export function bundleEntry(origin: string, { at, bundle, reason }: ErasedBundle): ErasureEntry {
  return { at: at.toISOString(), origin, kind: 'bundle', bundle, reason }
}

/** Throws a plain Error if a folder holds no backup: a mistyped name would leave the erasure unrecorded. */
export async function requireBackups(folder: string): Promise<void> {
  const found = await stat(join(folder, setsFolder)).catch(unlessMissing)
  if (found?.isDirectory() === true) return
  throw new Error(`${folder} holds no backup of qingdan backup. Nothing was erased. Correct --backups.`)
}

/**
 * The sets of a folder that may still hold erased bytes: those written since the bytes arrived. Sets are
 * encrypted, so their content is not read.
 */
export async function listSetsSince(folder: string, since: Date): Promise<readonly string[]> {
  const names = (await readdir(join(folder, setsFolder)).catch(unlessMissing)) ?? []
  const sets: string[] = []
  for (const name of names.filter((one) => one.endsWith('.json'))) {
    const found = await stat(join(folder, setsFolder, name)).catch(unlessMissing)
    if (found !== undefined && found.mtimeMs >= since.getTime()) sets.push(name.slice(0, -'.json'.length))
  }
  return sets.sort()
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
