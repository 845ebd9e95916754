/**
 * Finds stored files that no record names, and checks the bags, whose names have their digests. Both are set
 * aside; a bag is made again when it is requested. Files that a running process may just have written are
 * left alone.
 */
import { stat } from 'node:fs/promises'
import { bagsFolder, readDrafts, readRecorded, storedName, versionFolder } from '../../catalogue/index.ts'
import { listBundleIds } from '../../ingest/index.ts'
import { digestOfBag } from '../../transfer/index.ts'
import { repairedFolder, type Verification } from './verification.ts'

/** A file is written before its record; this is much longer than the time between the two. */
const settledMilliseconds = 600_000

export async function checkFolders(verification: Verification): Promise<void> {
  verification.progress('folders', 0)
  await checkEditions(verification)
  await checkBundleFolders(verification)
  await checkBags(verification)
  await checkLeftovers(verification)
}

async function checkEditions(verification: Verification): Promise<void> {
  const { context } = verification
  const { work } = context.database
  // Drafts before the files and after them: one may be made, published or dropped meanwhile. Published versions
  // last, for the same reason.
  const before = await readDrafts(work)
  const stored = await context.files.list('editions')
  const drafts = [...before, ...(await readDrafts(work))].map((draft) => `${versionFolder(draft)}/`)
  const versions = await readRecorded(work)
  const named = new Set(
    versions.flatMap((version) => version.distributions.map(({ format }) => storedName(version, format))),
  )
  for (const name of stored) {
    if (named.has(name) || drafts.some((folder) => name.startsWith(folder))) continue
    if ((await context.files.find(name)) !== undefined) await reportExtra(verification, name)
  }
}

/** Bundles and receipts are stored in folders named after the bundle's id. */
async function checkBundleFolders(verification: Verification): Promise<void> {
  const { context } = verification
  const stored = [...(await context.files.list('bundles')), ...(await context.files.list('receipts'))]
  const ids = new Set(await listBundleIds(context.database.work))
  for (const name of stored) {
    if (!ids.has(name.split('/')[1] ?? '') && (await isSettled(verification, name)))
      await reportExtra(verification, name)
  }
}

async function checkBags(verification: Verification): Promise<void> {
  const { context, counts, report, repair, setAside } = verification
  for (const name of await context.files.list(bagsFolder)) {
    const digest = digestOfBag(name)
    // Earlier releases named bags without their digest; they are not sent any more.
    if (digest === undefined) continue
    counts.bags += 1
    const bytes = (await context.files.find(name))?.bytes ?? 0
    const fault = await context.files.check(name, { bytes, digest }, { again: true })
    if (fault !== 'digest' && fault !== 'unreadable') continue
    const movedTo = repair ? await setAside(name) : null
    report('bag-digest', name, {
      action: repair ? 'set-aside' : null,
      movedTo,
      isResolved: repair,
    })
  }
}

/** Files rendered by a repair that was cut off. */
async function checkLeftovers(verification: Verification): Promise<void> {
  for (const name of await verification.context.files.list(repairedFolder)) {
    if (await isSettled(verification, name)) await reportExtra(verification, name)
  }
}

async function reportExtra({ report, repair, setAside }: Verification, name: string): Promise<void> {
  const movedTo = repair ? await setAside(name) : null
  report('file-extra', name, { action: repair ? 'set-aside' : null, movedTo, isResolved: repair })
}

async function isSettled({ context }: Verification, name: string): Promise<boolean> {
  const found = await stat(await context.files.localPath(name)).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > settledMilliseconds
}
