/**
 * The inbox: bundles in a folder are taken one by one and moved to `done` or `refused` with their receipts. A
 * bundle is renamed into a private folder before it is read; whatever a crash or an unplugged drive leaves
 * there is found and processed again. Loose tables, links and anything that is no bundle are left in place.
 */
import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { limitsOf } from '../../bundle/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import { withoutValues } from '../../db/database-error.ts'
import { takeBundle } from '../pipeline/pipeline.ts'
import { receiptFileNames, writeReceiptFiles } from '../receipts/files.ts'
import { isRejected, type Receipt } from '../receipts/receipts.ts'
import { receive } from './receive.ts'
import { type IgnoredEntry, inboxFolders, printOf, type Seen, scanInbox } from './scan-inbox.ts'

/** The result for a bundle in the inbox. */
interface InboxTaken {
  readonly name: string
  readonly receipt: Receipt
  /** The folder that now contains the bundle and its receipt. */
  readonly folder: string
}

export interface InboxRound {
  readonly taken: readonly InboxTaken[]
  readonly ignored: readonly IgnoredEntry[]
  /** Bundles not processed because of an outside fault, such as an unplugged drive; they are retried. */
  readonly failed: readonly string[]
}

interface Inbox {
  /** Scans once and takes unchanged bundles. Throws the file system's error if the inbox can't be read. */
  readonly round: () => Promise<InboxRound>
}

interface InboxOptions {
  readonly folder: string
  /** Milliseconds of a monotonic clock. */
  readonly monotonic?: () => number
}

/** Opens the inbox of a folder. It remembers its observations between rounds. */
export function openInbox(
  context: AppContext,
  { folder, monotonic = () => performance.now() }: InboxOptions,
): Inbox {
  const seen = new Map<string, Seen>()
  const { config } = context
  return {
    round: async () => {
      const options = {
        ...{ inbox: folder, limits: limitsOf(config), seen, now: monotonic() },
        settleMilliseconds: config.QINGDAN_INBOX_SETTLE_SECONDS * 1_000,
        timeoutMilliseconds: config.QINGDAN_INBOX_TIMEOUT_SECONDS * 1_000,
      }
      const { ready, ignored } = await scanInbox(options)
      if (ready.length === 0 && !(await hasTaken(folder))) return { taken: [], ignored, failed: [] }
      // Other processes on the same folder, such as a command beside the service, wait for their turn.
      return context.database.lock(`inbox ${folder}`, async () => {
        const changed: IgnoredEntry[] = []
        for (const name of ready)
          if (!(await pickUp(folder, name, seen))) changed.push({ name, reason: 'moving' })
        return { ...(await processTaken(context, folder)), ignored: [...ignored, ...changed] }
      })
    },
  }
}

async function hasTaken(inbox: string): Promise<boolean> {
  return ((await readdir(join(inbox, inboxFolders.taken)).catch(unlessMissing)) ?? []).length > 0
}

/**
 * Renames a bundle into its own folder among those taken, which is atomic on one file system. False where it
 * has disappeared, is still held open by the copying program (Windows), or has changed since the scan.
 */
async function pickUp(inbox: string, name: string, seen: Map<string, Seen>): Promise<boolean> {
  const home = join(inbox, inboxFolders.taken, randomUUID())
  await mkdir(home, { recursive: true })
  const before = seen.get(name)?.print
  try {
    await rename(join(inbox, name), join(home, name))
  } catch (error) {
    await rmdir(home)
    const { code = '' } = error as NodeJS.ErrnoException
    if (['ENOENT', 'EBUSY', 'EPERM', 'EACCES'].includes(code)) return false
    throw error
  }
  if ((await printOf(join(home, name))) === before) {
    seen.delete(name)
    return true
  }
  await rename(join(home, name), join(inbox, name))
  await rmdir(home)
  return false
}

/** Processes everything in the private folder, including leftovers of an earlier process. */
async function processTaken(
  context: AppContext,
  inbox: string,
): Promise<{ readonly taken: readonly InboxTaken[]; readonly failed: readonly string[] }> {
  const taken: InboxTaken[] = []
  const failed: string[] = []
  for (const home of (await readdir(join(inbox, inboxFolders.taken)).catch(unlessMissing)) ?? []) {
    const place = join(inbox, inboxFolders.taken, home)
    const name = (await readdir(place)).find((one) => !isReceipt(one))
    if (name === undefined) {
      await rmdir(place).catch(() => undefined)
      continue
    }
    try {
      taken.push({ name, ...(await takeOne(context, inbox, place, name)) })
    } catch (error) {
      failed.push(name)
      const fault = withoutValues(error)
      context.observe('inbox-bundle-failed', {
        error: fault instanceof Error ? fault : new Error(String(fault)),
      })
    }
  }
  return { taken, failed }
}

const isReceipt = (name: string): boolean =>
  receiptFileNames.some((own) => name === own || name === `${own}.part`)

async function takeOne(
  context: AppContext,
  inbox: string,
  place: string,
  name: string,
): Promise<{ readonly receipt: Receipt; readonly folder: string }> {
  const received = await receive(context, { path: join(place, name), broughtBy: 'inbox' })
  context.observe('checkpoint-reached', { step: 'receive', point: 'inbox' })
  const receipt = await takeBundle(context, received.id)
  // Rows about persons that were not encrypted are kept nowhere.
  if (receipt.erasedAt !== null) await rm(join(place, name), { recursive: true, force: true })
  await writeReceiptFiles(context, receipt, place)
  const kind = isRejected(receipt.state) ? inboxFolders.refused : inboxFolders.done
  const base = join(inbox, kind, `${parse(name).name}-${receipt.id.slice(0, 8)}`)
  return { receipt, folder: await moveToFreeName(place, base) }
}

/** Moves a folder to a free name; the second of the same bundle gets `-2`. */
async function moveToFreeName(place: string, base: string): Promise<string> {
  await mkdir(join(base, '..'), { recursive: true })
  for (let number = 1; ; number += 1) {
    const target = number === 1 ? base : `${base}-${number}`
    // Only one process moves bundles at a time, so a free name stays free.
    if ((await lstat(target).catch(unlessMissing)) !== undefined) continue
    await rename(place, target)
    return target
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
