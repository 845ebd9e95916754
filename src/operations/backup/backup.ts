/**
 * Writes a set while the service runs: the database from one snapshot, then the files that belong to it. Files
 * are written before the database refers to them, so none can be missing. What is stored in the backup folder
 * already, in this or a former set, is not written again.
 */
import { createReadStream } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { loadServiceKey, writeAudit } from '../../accounts/index.ts'
import { openPrivateKey, type PublicKeyFile, readPublicKey, signBytes } from '../../bundle/index.ts'
import { type AppContext, findOrigin, storedName, versionFolder } from '../../catalogue/index.ts'
import { knownMigrations } from '../../db/migrate.ts'
import { openSnapshot, type Query, type Snapshot } from '../../db/snapshot.ts'
import type { Progress } from '../../ingest/index.ts'
import { packageVersion } from '../../platform/package-root.ts'
import { completeLedger, ledgerLock } from '../erasure/ledger.ts'
import { isCompressed, listDataFiles, type SnapshotFacts } from './data-files.ts'
import { knownErasures, readLedger } from './erasures.ts'
import { BackupFault } from './fault.ts'
import { type FolderLock, withFolderLock } from './folder-lock.ts'
import { type ObjectWriter, openObjectWriter } from './objects.ts'
import { removeOldSets } from './prune.ts'
import {
  type FileEntry,
  listSetNames,
  type Manifest,
  newSetName,
  readSet,
  type SetDescription,
  type StoredObject,
  setFormat,
  type TableEntry,
  writeSet,
} from './set.ts'

export interface BackupOrder {
  readonly folder: string
  readonly recipient: PublicKeyFile
  readonly actor: string
  /** Remove older sets of this service, so that at most this many remain. */
  readonly keepSets?: number | undefined
  readonly progress?: Progress
}

export interface BackupReport {
  readonly folder: string
  readonly set: string
  readonly at: string
  readonly signedBy: string
  readonly recipient: string
  readonly tables: number
  readonly rows: number
  readonly files: number
  /** Bytes of tables and files before compression. */
  readonly bytes: number
  readonly objectsWritten: number
  readonly objectsReused: number
  readonly bytesWritten: number
  readonly setsRemoved: readonly string[]
  /** Objects of former sets that were altered in the folder: written again for this set, damaged in the others. */
  readonly objectsReplaced: readonly string[]
  /** Bytes of an incomplete last line of the ledger of erasures; 0 without one. */
  readonly tornBytes: number
  /** Published files that are missing or differ from their record; the set holds them as they are. */
  readonly damaged: readonly string[]
}

/** Small files wait for the disk more than for the processor. */
const filesAtOnce = 4

/** Writes a set. Throws BackupFault with `folder-unusable`, `key-unusable` or `busy`; a set that failed is no set. */
export async function writeBackup(context: AppContext, order: BackupOrder): Promise<BackupReport> {
  refuseInside(
    await realPathOf(resolve(order.folder)),
    await realPathOf(resolve(context.config.QINGDAN_DATA)),
  )
  const service = await loadServiceKey(context)
  await refuseRecipient(order.recipient, service.fingerprint, context.clock())
  const refuse = () => new BackupFault('busy', 'Another backup of this service is running. Wait for its end.')
  const folder = resolve(order.folder)
  const work = () =>
    withFolderLock({ folder, name: 'backup', millisecondsMax: 0 }, (lock) =>
      writeLocked(context, { ...order, folder }, service, lock),
    )
  return context.database.lock('backup', work, { millisecondsMax: 1, refuse })
}

function refuseInside(folder: string, dataFolder: string): void {
  if (!`${folder}/`.startsWith(`${dataFolder}/`)) return
  throw new BackupFault(
    'folder-unusable',
    `${folder} is inside the data folder, and would be lost with it. Use a folder on another disk.`,
  )
}

/** A path without symbolic links; what does not exist yet is appended to its nearest folder. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error
    return join(await realPathOf(dirname(path)), basename(path))
  }
}

async function refuseRecipient(recipient: PublicKeyFile, service: string, now: Date): Promise<void> {
  if (recipient.fingerprint === service) {
    throw new BackupFault(
      'key-unusable',
      "The recipient is the service's own key, which would be lost with the data. Use a key stored elsewhere.",
    )
  }
  await recipient.key.getEncryptionKey(undefined, now).catch((cause: unknown) => {
    const message = `The key ${recipient.fingerprint} can't encrypt, has expired or was revoked.`
    throw Object.assign(new BackupFault('key-unusable', message), { cause })
  })
}

type ServiceKey = Awaited<ReturnType<typeof loadServiceKey>>

async function writeLocked(
  context: AppContext,
  order: BackupOrder,
  service: ServiceKey,
  lock: FolderLock,
): Promise<BackupReport> {
  const { folder, recipient } = order
  const known = await knownObjects(folder, service, context.clock())
  const writer = await openObjectWriter({ folder, recipient, secret: service.privateKey, known })
  const count = { written: 0, reused: 0 }
  // Created at its first use: without it, a restored service would have another one, and refuse the cursors of all.
  await findOrigin(context.database)
  const at = context.clock()
  const { erasures, tornBytes, snapshot } = await beginSnapshot(context, folder)
  let manifest: Manifest
  let damaged: readonly string[]
  try {
    const put = countPuts(writer, count)
    const reached = (point: string) => context.observe('checkpoint-reached', { step: 'backup', point })
    reached('snapshot')
    const tables = await writeTables(snapshot, put, order.progress)
    reached('tables-written')
    const { facts, distributions } = await readFacts(snapshot)
    const { files, digests } = await writeFiles(context, facts, put, order.progress)
    reached('files-written')
    damaged = distributions.filter(({ path, sha256 }) => digests.get(path) !== sha256).map(({ path }) => path)
    const { sequences } = snapshot
    const contracts = await readContracts(snapshot, tables)
    manifest = { format: setFormat, at: at.toISOString(), tables: [...tables], sequences, contracts, files }
  } finally {
    await snapshot.close()
  }
  const set = newSetName(at)
  const bytes = Buffer.from(JSON.stringify(manifest))
  const { content } = await writer.put(() => once(bytes), { compress: true })
  const { key } = await openPrivateKey(service.privateKey)
  const description = {
    set,
    format: manifest.format,
    at: manifest.at,
    software: packageVersion(),
    migration: knownMigrations().at(-1) ?? 0,
    recipient: recipient.fingerprint,
    signer: service.publicKey,
    manifest: content,
    objects: [...writer.stored()],
    erasures,
  } satisfies SetDescription
  await lock.check()
  await writeSet(folder, set, description, (text) => signBytes(text, key, { at: context.clock() }))
  context.observe('checkpoint-reached', { step: 'backup', point: 'set-written' })
  const setsRemoved =
    order.keepSets === undefined
      ? []
      : await removeOldSets(folder, { keepSets: order.keepSets, signer: service, now: context.clock() })
  await writeAudit(context.database.work, {
    at: context.clock(),
    actor: order.actor,
    action: 'backup-written',
    subject: `backup:${set}`,
    detail: { folder, recipient: order.recipient.fingerprint, setsRemoved },
  })
  const isNew = (object: StoredObject) => known.get(object.name)?.sha256 !== object.sha256
  return {
    folder,
    set,
    at: manifest.at,
    signedBy: service.fingerprint,
    recipient: order.recipient.fingerprint,
    tables: manifest.tables.length,
    rows: sum(manifest.tables, ({ rows }) => rows),
    files: manifest.files.length,
    bytes: sum([...manifest.tables, ...manifest.files], (entry) => entry.content.bytes),
    objectsWritten: count.written + 1,
    objectsReused: count.reused,
    bytesWritten: sum(description.objects.filter(isNew), (object) => object.bytes),
    setsRemoved,
    objectsReplaced: writer.replaced(),
    tornBytes,
    damaged,
  }
}

/** A snapshot, and the lines of the ledger whose erasures it includes: no erasure is between the two. */
async function beginSnapshot(context: AppContext, folder: string) {
  return context.database.lock(ledgerLock, async () => {
    const { tornBytes } = await readLedger(folder)
    await completeLedger(context, folder)
    const erasures = await knownErasures(folder)
    return { erasures, tornBytes, snapshot: await openSnapshot(context.database.workUrl, choosePublished) }
  })
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function sum<T>(all: readonly T[], amount: (one: T) => number): number {
  return all.reduce((total, one) => total + amount(one), 0)
}

/** Objects of the sets that this service signed. Sets that were altered are no reason to write nothing. */
async function knownObjects(
  folder: string,
  service: ServiceKey,
  now: Date,
): Promise<ReadonlyMap<string, StoredObject>> {
  const trusted = await readPublicKey(service.publicKey)
  const known = new Map<string, StoredObject>()
  for (const name of await listSetNames(folder)) {
    const set = await readSet(folder, name, { trusted, now }).catch((error: unknown) => {
      if (!(error instanceof BackupFault)) throw error
      return undefined
    })
    for (const object of set?.description.objects ?? []) known.set(object.name, object)
  }
  return known
}

function countPuts(writer: ObjectWriter, count: { written: number; reused: number }): ObjectWriter['put'] {
  return async (read, options) => {
    const written = await writer.put(read, options)
    if (written.isNew) count.written += 1
    else count.reused += 1
    return written
  }
}

/** Released versions have records; those of a draft are loaded again after a restore. */
async function choosePublished(query: Query) {
  const rows = await query<{ name: string }>(`
    SELECT records_table AS name FROM qingdan.version
    WHERE published_at IS NOT NULL AND records_table IS NOT NULL`)
  return rows.map(({ name }) => ({ schema: 'published', name }))
}

async function writeTables(
  snapshot: Snapshot,
  put: ObjectWriter['put'],
  progress: Progress = () => undefined,
): Promise<readonly TableEntry[]> {
  const contracts = await readTableContracts(snapshot)
  let done = 0
  return inParallel(snapshot.tables, filesAtOnce, async (table) => {
    let rows = 0
    const read = () =>
      snapshot.copy(table, (count) => {
        rows = count
      })
    const { content } = await put(read, { compress: true })
    done += 1
    progress('database', done, snapshot.tables.length)
    const entry = { ...table, rows, content } as TableEntry
    const contract = contracts.get(table.name)
    return table.schema === 'published' && contract !== undefined ? { ...entry, contract } : entry
  })
}

/** The contract that the records of each table follow. */
async function readTableContracts({ query }: Snapshot) {
  const rows = await query<{ name: string; dataset: string; contractVersion: number }>(`
    SELECT v.records_table AS name, e.dataset, v.contract_version AS "contractVersion"
    FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE v.published_at IS NOT NULL AND v.records_table IS NOT NULL`)
  return new Map(rows.map(({ name, ...contract }) => [name, contract]))
}

/** The contracts of published records, as they are pinned. */
async function readContracts({ query }: Snapshot, tables: readonly TableEntry[]) {
  const used = new Set(tables.flatMap(({ contract }) => (contract === undefined ? [] : [nameOf(contract)])))
  const pinned = await query<Manifest['contracts'][number]>(
    'SELECT dataset, contract_version AS "contractVersion", body FROM qingdan.contract',
  )
  return pinned.filter((contract) => used.has(nameOf(contract)))
}

const nameOf = (of: { readonly dataset: string; readonly contractVersion: number }) =>
  `${of.dataset} ${of.contractVersion}`

/** What the snapshot says about files, and the digests that served files must have. */
async function readFacts({ query }: Snapshot) {
  const versions = await query<{ dataset: string; edition: string; number: number }>(`
    SELECT e.dataset, e.edition, v.number FROM qingdan.version v
    JOIN qingdan.edition e ON e.id = v.edition_id WHERE v.published_at IS NOT NULL`)
  const bundles = await query<{ id: string; length: number }>(
    'SELECT id, jsonb_array_length(history) AS length FROM qingdan.bundle',
  )
  const served = await query<{
    dataset: string
    edition: string
    number: number
    format: string
    sha256: string
  }>(`
    SELECT e.dataset, e.edition, v.number, d.format, d.digest AS sha256 FROM qingdan.distribution d
    JOIN qingdan.version v ON v.id = d.version_id JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE v.state IN ('published', 'superseded')`)
  const facts: SnapshotFacts = {
    versionFolders: new Set(versions.map(versionFolder)),
    bundles: new Map(bundles.map(({ id, length }) => [id, length])),
  }
  const distributions = served.map(({ format, sha256, ...of }) => {
    return { path: `files/${storedName(of, format)}`, sha256 }
  })
  return { facts, distributions }
}

async function writeFiles(
  context: AppContext,
  facts: SnapshotFacts,
  put: ObjectWriter['put'],
  progress: Progress = () => undefined,
) {
  const dataFolder = resolve(context.config.QINGDAN_DATA)
  const paths = await listDataFiles(dataFolder, facts)
  const digests = new Map<string, string>()
  let done = 0
  const files = await inParallel(paths, filesAtOnce, async (path): Promise<FileEntry | undefined> => {
    const read = () => createReadStream(join(dataFolder, path), { highWaterMark: 1 << 20 })
    const options = { compress: !isCompressed(path) }
    const written = await put(read, options).catch((error: NodeJS.ErrnoException) => {
      // Erased or replaced since it was listed.
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    done += 1
    progress('files', done, paths.length)
    if (written === undefined) return undefined
    digests.set(path, written.content.sha256)
    return { path, content: written.content }
  })
  return { files: files.filter((file) => file !== undefined), digests }
}

/** Runs work on all items, some at a time; results are in the order of the items. */
async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length)
  const queue = items.entries()
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}
