/**
 * One scan of the inbox: its entries, how long each has been unchanged, and whether it is ready. It moves
 * nothing. Temporary names of copying programs are skipped; links, loose tables and anything that is no
 * bundle are reported with a reason and left in place.
 */
import { lstat, readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { type BundleLimits, findMissing } from '../../bundle/index.ts'
import { digestOf } from '../../platform/digest.ts'

/** The service's own folders in the inbox. */
export const inboxFolders = { taken: '.taken', done: 'done', refused: 'refused' } as const

/** Why an entry is left in place. */
type IgnoredReason = 'moving' | 'incomplete' | 'loose-table' | 'link' | 'no-bundle' | 'unreadable'

export interface IgnoredEntry {
  readonly name: string
  readonly reason: IgnoredReason
  /** What it lacks, if known. */
  readonly missing?: string
}

interface InboxScan {
  /** Names of unchanged and complete entries. */
  readonly ready: readonly string[]
  readonly ignored: readonly IgnoredEntry[]
}

/** Observation of an entry: its fingerprint, and since when it has been unchanged. */
export interface Seen {
  readonly print: string
  readonly since: number
}

interface InboxScanOptions {
  readonly inbox: string
  readonly limits: BundleLimits
  /** Observations of earlier scans; this scan updates them. */
  readonly seen: Map<string, Seen>
  /** Current milliseconds of a monotonic clock. */
  readonly now: number
  readonly settleMilliseconds: number
  readonly timeoutMilliseconds: number
}

/** Names of unfinished files, and of files that operating systems leave behind. */
const skippedNames =
  /^[.~]|~$|\.(part|partial|filepart|tmp|temp|crdownload|download|swp)$|^(thumbs\.db|desktop\.ini)$/i

/** Tables that a user has to pack into a bundle first. */
const tables = new Set(['.csv', '.tsv', '.txt', '.xlsx', '.xls', '.ods', '.et'])

/** Scans once. Throws the file system's error where the inbox itself can't be read. */
export async function scanInbox(options: InboxScanOptions): Promise<InboxScan> {
  const { inbox, seen } = options
  const own: readonly string[] = Object.values(inboxFolders)
  const names = (await readdir(inbox))
    .filter((name) => !own.includes(name) && !skippedNames.test(name))
    .sort()
  for (const name of seen.keys()) if (!names.includes(name)) seen.delete(name)
  const ready: string[] = []
  const ignored: IgnoredEntry[] = []
  for (const name of names) {
    const found = await checkEntry(name, options).catch((error: NodeJS.ErrnoException) => {
      // Deleted since the folder was listed, or unreadable: neither is an internal error.
      if (error.code === undefined) throw error
      return error.code === 'ENOENT' ? undefined : { name, reason: 'unreadable' as const }
    })
    if (found === 'ready') ready.push(name)
    else if (found !== undefined) ignored.push(found)
  }
  return { ready, ignored }
}

async function checkEntry(name: string, options: InboxScanOptions): Promise<'ready' | IgnoredEntry> {
  const { inbox, limits, seen, now, settleMilliseconds, timeoutMilliseconds } = options
  const path = join(inbox, name)
  const found = await lstat(path)
  if (found.isSymbolicLink()) return { name, reason: 'link' }
  if (found.isFile() && tables.has(extname(name).toLowerCase())) return { name, reason: 'loose-table' }
  const isZip = found.isFile() && extname(name).toLowerCase() === '.zip'
  if (!isZip && !found.isDirectory()) return { name, reason: 'no-bundle' }
  const print = await printOf(path)
  const before = seen.get(name)
  const since = before?.print === print ? before.since : now
  seen.set(name, { print, since })
  if (now - since < settleMilliseconds) return { name, reason: 'moving' }
  if (now - since >= timeoutMilliseconds) return 'ready'
  const missing = await findMissing(path, limits)
  return missing === undefined ? 'ready' : { name, reason: 'incomplete', missing }
}

/** Fingerprint of a file or folder by sizes, times and identities; it changes if anything inside changes. */
export async function printOf(path: string): Promise<string> {
  const found = await lstat(path)
  const own = (one: Awaited<ReturnType<typeof lstat>>) => `${one.ino} ${one.size} ${one.mtimeMs}`
  if (!found.isDirectory()) return own(found)
  let all = ''
  for (const name of (await readdir(path, { recursive: true })).sort()) {
    const inside = await lstat(join(path, name))
    all += `${name}\n${inside.isDirectory() ? 'folder' : own(inside)}\n`
  }
  return digestOf(all)
}
