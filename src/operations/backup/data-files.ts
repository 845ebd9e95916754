/**
 * The files of a data folder that belong to a snapshot of its database: stored files, keys and contracts. Left
 * out is what is unfinished or can be made again, and what is newer than the snapshot.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** What the snapshot says about the stored files. */
export interface SnapshotFacts {
  /** Folders of released versions, as `editions/<dataset>/<edition>/v<n>`. */
  readonly versionFolders: ReadonlySet<string>
  /** Received bundles, with the length of their history. */
  readonly bundles: ReadonlyMap<string, number>
}

/** The folders of a data folder that a backup contains. The database is backed up from the server. */
const backedUp = ['files', 'keys', 'contracts'] as const

/**
 * Below `files/`: unfinished uploads, which clients send again, scratch, bags, which are made on request, and
 * what a repair is making or has set aside. */
const leftOut: ReadonlySet<string> = new Set([
  '.unfinished',
  'scratch',
  'uploads',
  'bags',
  'repaired',
  'set-aside',
])

/** Paths below a data folder with `/`, sorted. A missing folder has none. */
export async function listDataFiles(dataFolder: string, facts: SnapshotFacts): Promise<readonly string[]> {
  const all = await Promise.all(backedUp.map((name) => listBelow(dataFolder, name)))
  return all.flat().filter((path) => belongs(path, facts))
}

async function listBelow(dataFolder: string, name: string): Promise<readonly string[]> {
  const root = join(dataFolder, name)
  const entries = await readdir(root, { withFileTypes: true, recursive: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    },
  )
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => `${name}${join(entry.parentPath, entry.name).slice(root.length)}`.replaceAll('\\', '/'))
    .sort()
}

/** Whether a file belongs to the snapshot. Drafts don't: they are prepared again after a restore. */
function belongs(path: string, { versionFolders, bundles }: SnapshotFacts): boolean {
  const [root, kind = '', ...inside] = path.split('/')
  if (root !== 'files') return true
  if (leftOut.has(kind)) return false
  if (kind === 'editions') return versionFolders.has([kind, ...inside.slice(0, 3)].join('/'))
  if (kind === 'bundles') return bundles.has(inside[0] ?? '')
  // Receipts are numbered by the length of the history: a later one would be found instead of the right one.
  if (kind === 'receipts') return Number.parseInt(inside[1] ?? '', 10) <= (bundles.get(inside[0] ?? '') ?? 0)
  return true
}

/** Endings of files that do not get smaller: encrypting alone is much faster. */
const compressedEndings = /\.(gz|zip|xlsx|parquet|pgp|png|jpg)$/i

export function isCompressed(path: string): boolean {
  return compressedEndings.test(path)
}
