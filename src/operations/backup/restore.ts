/**
 * Restores a set into an empty place: an absent or empty data folder, and a database without rows. Everything is
 * verified before it is used: signature, digest of every encrypted object, digest of every file and table.
 * Refuses a set that is incomplete, altered, or of a newer schema. After a crash the same restore continues.
 */
import { randomUUID } from 'node:crypto'
import { chmod, mkdir, readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Value } from 'typebox/value'
import type { PrivateKeyFile, PublicKeyFile } from '../../bundle/index.ts'
import type { Contract } from '../../contract/index.ts'
import { isRoot } from '../../db/embedded/os-account.ts'
import { hasContent, isLoadedWith, loadTables, type TableLoader } from '../../db/load-tables.ts'
import { knownMigrations } from '../../db/migrate.ts'
import { openDatabase } from '../../db/open-database.ts'
import type { Progress } from '../../ingest/index.ts'
import type { Config } from '../../platform/config.ts'
import type { Observe } from '../../platform/log/events.ts'
import { createIndexes, createTable, publishedTable } from '../../records/index.ts'
import { folderMode, writeStreamWhole } from './atomic-file.ts'
import { BackupFault } from './fault.ts'
import { readObject, readObjectWhole, verifyObject } from './objects.ts'
import { type RestoreState, readRestoreState, restoreMarker, writeRestoreState } from './restore-marker.ts'
import {
  type FileEntry,
  listSetNames,
  Manifest,
  parseJson,
  readSet,
  type SignedSet,
  type TableEntry,
} from './set.ts'

export interface RestoreOrder {
  readonly folder: string
  readonly key: PrivateKeyFile
  /** A set other than the newest. */
  readonly set?: string | undefined
  /** The public key of the service that must have signed the set. */
  readonly trusted?: PublicKeyFile | undefined
  readonly progress?: Progress
}

export interface RestoredSet {
  readonly set: SignedSet
  readonly tables: number
  readonly rows: number
  readonly files: number
  readonly bytes: number
}

interface RestoreContext {
  readonly config: Config
  readonly observe: Observe
  readonly now: Date
}

/** Others may traverse the data folder but not list it: PostgreSQL runs as another account for root. */
const dataFolderMode = 0o711

/** Chooses a set, the newest by default, and verifies its signature. Throws BackupFault. */
export async function chooseSet(order: RestoreOrder, now: Date): Promise<SignedSet> {
  const folder = resolve(order.folder)
  const names = await listSetNames(folder)
  const name = order.set ?? names.at(-1)
  if (name === undefined || !names.includes(name)) {
    const which = order.set === undefined ? 'no set of a backup' : `no set ${order.set}`
    throw new BackupFault('no-set', `${folder} contains ${which}. Sets: ${names.join(', ') || 'none'}.`)
  }
  const set = await readSet(folder, name, { trusted: order.trusted, now })
  const { recipient, migration, software } = set.description
  if (recipient !== order.key.fingerprint) {
    throw new BackupFault(
      'other-key',
      `The set ${name} is encrypted to the key ${recipient}; the given key is ${order.key.fingerprint}.`,
    )
  }
  if (!knownMigrations().includes(migration)) {
    throw new BackupFault(
      'newer',
      `The set ${name} was written by version ${software}, whose database schema this version does not know. ` +
        'Restore with that version or a newer one.',
    )
  }
  return set
}

/**
 * Restores files and database of a set. The data folder then has a marker until `removeRestoreState`: the caller
 * queues unfinished work first. `checkContracts` throws where the restored contracts can't be used here.
 */
export async function restoreSet(
  context: RestoreContext,
  order: RestoreOrder & { readonly checkContracts: () => Promise<unknown> },
): Promise<RestoredSet> {
  const { config, now } = context
  const { progress = () => undefined, key } = order
  const folder = resolve(order.folder)
  const dataFolder = resolve(config.QINGDAN_DATA)
  const set = await chooseSet(order, now)
  const state = await refuseOccupied(dataFolder, set.name)
  const { objects } = set.description
  const verified = countBytes('verify', objects, progress)
  for (const object of objects) {
    await verifyObject(folder, object)
    verified(object.bytes)
  }
  const manifest = await readManifest(folder, set, key)
  if (state?.step !== 'loaded') {
    // Before anything is written. An embedded database is new, as its data folder is.
    if (config.DATABASE_URL !== undefined) await refuseContent(config.DATABASE_URL, set.name)
    await makeDataFolder(dataFolder)
    await writeRestoreState(dataFolder, { set: set.name, step: 'files' })
    await restoreFiles({ folder, dataFolder, key }, manifest.files, progress)
    context.observe('checkpoint-reached', { step: 'restore', point: 'files-written' })
    await order.checkContracts()
    await restoreDatabase(context, { folder, key, set, manifest, progress })
    context.observe('checkpoint-reached', { step: 'restore', point: 'database-loaded' })
    await writeRestoreState(dataFolder, { set: set.name, step: 'loaded' })
  }
  const sum = (amounts: readonly number[]) => amounts.reduce((total, one) => total + one, 0)
  return {
    set,
    tables: manifest.tables.length,
    rows: sum(manifest.tables.map(({ rows }) => rows)),
    files: manifest.files.length,
    bytes: sum([...manifest.tables, ...manifest.files].map(({ content }) => content.bytes)),
  }
}

/**
 * Reports the progress of a step in bytes from its beginning: objects differ in size by orders of magnitude, so
 * their number would estimate nothing.
 */
function countBytes(
  step: string,
  all: readonly { readonly bytes: number }[],
  progress: Progress,
): (bytes: number) => void {
  const total = all.reduce((sum, { bytes }) => sum + bytes, 0)
  let done = 0
  progress(step, done, total)
  return (bytes) => {
    done += bytes
    progress(step, done, total)
  }
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    count(chunk.length)
    yield chunk
  }
}

const contentOf = ({ content }: FileEntry | TableEntry) => content

/** Returns the state of an interrupted restore of the same set. Throws BackupFault for any other content. */
async function refuseOccupied(dataFolder: string, set: string): Promise<RestoreState | undefined> {
  const found = await stat(dataFolder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) return undefined
  if (isRoot() && found.uid !== 0) {
    throw new BackupFault(
      'not-empty',
      `${dataFolder} belongs to another account than root. Run the restore as that account, which then owns all ` +
        `restored files: setpriv --reuid=${found.uid} --regid=${found.gid} --clear-groups qingdan restore …`,
    )
  }
  const state = await readRestoreState(dataFolder)
  if (state?.set === set) return state
  const names = (await readdir(dataFolder)).filter((name) => name !== 'lost+found')
  if (names.length === 0) return undefined
  throw new BackupFault(
    'not-empty',
    names.includes(restoreMarker)
      ? `${dataFolder} holds an unfinished restore of the set ${state?.set}. Delete the folder, or continue with --set ${state?.set}.`
      : `${dataFolder} is not empty. Set QINGDAN_DATA to a folder that does not exist yet.`,
  )
}

async function readManifest(folder: string, set: SignedSet, key: PrivateKeyFile): Promise<Manifest> {
  const { manifest: content, objects, at } = set.description
  const value = parseJson(await readObjectWhole(folder, content, key))
  const listed = new Set(objects.map(({ name }) => name))
  if (!Value.Check(Manifest, value) || value.at !== at)
    throw new BackupFault('damaged', `The manifest of the set ${set.name} does not fit its description.`)
  const used = [...value.tables, ...value.files].map((entry) => entry.content.object)
  if (!used.every((name) => listed.has(name)) || !value.files.every(isSafe))
    throw new BackupFault('damaged', `The manifest of the set ${set.name} does not fit its description.`)
  return value
}

/** A path below one of the folders of a data folder that are backed up. */
function isSafe({ path }: FileEntry): boolean {
  const [root = '', ...inside] = path.split('/')
  return (
    ['files', 'keys', 'contracts'].includes(root) &&
    inside.length > 0 &&
    inside.every((part) => part !== '' && part !== '.' && part !== '..' && !/[\0\\]/.test(part))
  )
}

async function makeDataFolder(dataFolder: string): Promise<void> {
  const created = await mkdir(dataFolder, { recursive: true })
  if (created !== undefined) await chmod(dataFolder, dataFolderMode)
}

interface Places {
  readonly folder: string
  readonly dataFolder: string
  readonly key: PrivateKeyFile
}

/** Writes the files, for the account of this process only. */
async function restoreFiles(
  { folder, dataFolder, key }: Places,
  files: readonly FileEntry[],
  progress: Progress,
): Promise<void> {
  const temporary = join(dataFolder, 'files', '.unfinished')
  await mkdir(temporary, { recursive: true, mode: folderMode })
  const written = countBytes('files', files.map(contentOf), progress)
  for (const { path, content } of files) {
    const name = join(temporary, `${process.pid}.${randomUUID()}`)
    await writeStreamWhole(name, counted(readObject(folder, content, key), written), () => {
      return { path: join(dataFolder, path), result: undefined }
    })
  }
}

/** Accepts also the content that an interrupted restore of the same set has committed. */
async function refuseContent(url: string, set: string): Promise<void> {
  if (!(await hasContent(url)) || (await isLoadedWith(url, set))) return
  throw new BackupFault(
    'not-empty',
    'The database is not empty. Restore into a new one: create it, and name it in DATABASE_URL.',
  )
}

interface DatabaseWork {
  readonly folder: string
  readonly key: PrivateKeyFile
  readonly set: SignedSet
  readonly manifest: Manifest
  readonly progress: Progress
}

/** Migrates an empty database to the schema of the set and loads it; later migrations follow at the next start. */
async function restoreDatabase({ config, observe }: RestoreContext, work: DatabaseWork): Promise<void> {
  const { manifest, set } = work
  const database = await openDatabase({ config, observe, migrate: false })
  try {
    const url = database.ownerUrl
    await refuseContent(url, set.name)
    if (await isLoadedWith(url, set.name)) return
    await database.migrate({ upTo: set.description.migration })
    await loadTables(database.workUrl, set.name, async (loader) => {
      const loaded = countBytes('database', manifest.tables.map(contentOf), work.progress)
      for (const table of inLoadOrder(manifest, loader)) await loadTable(loader, table, { ...work, loaded })
      for (const [name, value] of Object.entries(manifest.sequences)) await loader.setSequence(name, value)
    })
  } finally {
    await database.close()
  }
}

/** Own tables in the order of their foreign keys, then the records. Throws BackupFault for unknown tables. */
function inLoadOrder({ tables }: Manifest, loader: TableLoader): readonly TableEntry[] {
  const own = tables.filter(({ schema }) => schema === 'qingdan')
  const byName = new Map(own.map((table) => [table.name, table]))
  const sorted = loader.tables.flatMap((name) => byName.get(name) ?? [])
  if (sorted.length !== own.length)
    throw new BackupFault('damaged', 'The set has a table that its schema does not have.')
  return [...sorted, ...tables.filter(({ schema }) => schema === 'published')]
}

async function loadTable(
  loader: TableLoader,
  table: TableEntry,
  { folder, key, manifest, loaded }: DatabaseWork & { readonly loaded: (bytes: number) => void },
): Promise<void> {
  const contract = table.schema === 'published' ? contractOf(table, manifest) : undefined
  if (contract !== undefined) await loader.run(createTable(contract, table.name))
  const rows = await loader.copy(table, counted(readObject(folder, table.content, key), loaded))
  if (rows !== table.rows)
    throw new BackupFault(
      'damaged',
      `${rows} rows of ${table.rows} were restored to the table ${table.name}.`,
    )
  if (contract === undefined) return
  for (const statement of createIndexes(contract, table.name)) await loader.run(statement)
  await loader.run(`ANALYZE ${publishedTable(table.name)}`)
}

function contractOf({ name, contract: of }: TableEntry, { contracts }: Manifest): Contract {
  const found = contracts.find(
    (one) => one.dataset === of?.dataset && one.contractVersion === of.contractVersion,
  )
  if (found === undefined)
    throw new BackupFault('damaged', `The set has no contract for the records of the table ${name}.`)
  return found.body as Contract
}
