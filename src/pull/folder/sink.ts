/**
 * A copy as a folder of files, under the source's paths. A version's folder appears atomically; the state is
 * written last and records how many bytes of the change log count, so an interrupted step is repeated and
 * nothing appears twice. Refuses a folder with other content, and one that another pull is using.
 */
import { mkdir, open, readdir, readFile, rename, rm, stat, truncate } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { stringify } from 'csv-stringify/sync'
import Type, { type Static } from 'typebox'
import { nameOf, type VersionKey } from '../ledger.ts'
import { PullRefusal } from '../problems.ts'
import { isOf, parseJson, type SourceChange } from '../response-shapes.ts'
import type {
  CopyIdentity,
  CopyState,
  FetchedContract,
  FetchedVersion,
  OnPoint,
  Sink,
  Step,
} from '../sink.ts'
import { asTargetFault } from './file-errors.ts'
import { jsonText, syncFolder, writeInPlace } from './files.ts'
import { writeLatestFiles } from './latest.ts'
import { type FolderLock, lockFolder } from './lock.ts'
import { folderOwn, incoming, outgoing, folderPaths as paths } from './paths.ts'

/** Format version of the folder; increase it when the format changes. */
const formatVersion = 1

const Names = Type.Union([Type.Array(Type.String()), Type.Null()])

const State = Type.Object({
  form: Type.Integer(),
  origin: Type.String(),
  source: Type.String(),
  datasets: Names,
  isKeyed: Type.Boolean(),
  history: Type.Boolean(),
  formats: Names,
  cursor: Type.Union([Type.String(), Type.Null()]),
  changes: Type.Integer({ minimum: 0 }),
  /** Bytes of the change log that count; anything after them is left from a crash. */
  logBytes: Type.Integer({ minimum: 0 }),
  changedAt: Type.String(),
})

type FolderState = Omit<Static<typeof State>, keyof CopyIdentity> & CopyIdentity

/**
 * Opens a folder as a sink and creates it if needed. Throws `target-foreign`, `target-busy`, `target-newer`.
 */
export async function openFolderSink(path: string, onPoint: OnPoint = () => undefined): Promise<Sink> {
  const root = resolve(path)
  try {
    await mkdir(root, { recursive: true })
    await refuseForeign(root)
    await mkdir(join(root, folderOwn), { recursive: true })
    const lock = await lockFolder(join(root, folderOwn, 'lock'))
    try {
      return await openLocked(root, lock, onPoint)
    } catch (error) {
      await lock.release()
      throw error
    }
  } catch (error) {
    throw asTargetFault(error)
  }
}

async function refuseForeign(root: string): Promise<void> {
  const names = await readdir(root)
  if (names.includes(paths.state)) return
  // A pull killed before its first state has created only its own folder.
  const foreign = names.find((name) => name !== folderOwn)
  if (foreign !== undefined) throw new PullRefusal('target-foreign', `${root} contains ${foreign}.`)
}

interface Opened {
  readonly root: string
  readonly lock: FolderLock
  readonly onPoint: OnPoint
  state: FolderState | undefined
}

async function openLocked(root: string, lock: FolderLock, onPoint: OnPoint): Promise<Sink> {
  const own = join(root, folderOwn)
  const scratch = join(own, 'scratch')
  // Removes what a killed pull was putting in place or removing; its downloads in scratch are resumed.
  for (const below of [incoming, outgoing]) await rm(join(root, below), { recursive: true, force: true })
  await mkdir(scratch, { recursive: true })
  const opened: Opened = { root, lock, onPoint, state: await readState(root) }
  return {
    name: root,
    get state() {
      return opened.state
    },
    scratch,
    formats: undefined,
    begin: (identity, source) => begin(opened, identity, source).catch(rethrow),
    changes: () => readLog(opened),
    held: () => listHeld(root),
    commit: (step) => commit(opened, step).catch(rethrow),
    close: lock.release,
  }
}

function rethrow(error: unknown): never {
  throw asTargetFault(error)
}

async function readState(root: string): Promise<FolderState | undefined> {
  const path = join(root, paths.state)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const value = parseJson(text)
  if (!isOf(State, value)) throw new PullRefusal('target-foreign', `${path} was not written by a pull.`)
  if (value.form !== formatVersion)
    throw new PullRefusal('target-newer', `${path} has format version ${value.form}.`)
  return value
}

async function begin(opened: Opened, identity: CopyIdentity, source: string): Promise<void> {
  const { state, root } = opened
  const before: Omit<CopyState, keyof CopyIdentity | 'source'> & { logBytes: number } = state ?? {
    ...{ cursor: null, changes: 0, logBytes: 0 },
  }
  const { cursor, changes, logBytes } = before
  await truncateLog(join(root, paths.log), logBytes)
  await writeState(opened, {
    form: formatVersion,
    ...identity,
    source,
    cursor,
    changes,
    logBytes,
    changedAt: now(),
  })
}

const now = () => new Date().toISOString()

async function writeState(opened: Opened, state: FolderState): Promise<void> {
  await writeInPlace(opened.root, paths.state, jsonText(state))
  opened.state = state
}

async function truncateLog(log: string, bytes: number): Promise<void> {
  const size = await stat(log).then(
    (found) => found.size,
    () => 0,
  )
  if (size < bytes) throw new PullRefusal('target-foreign', `${log} is shorter than recorded.`)
  if (size > bytes) await truncate(log, bytes)
}

async function* readLog({ root, state }: Opened): AsyncGenerator<SourceChange> {
  if (state === undefined || state.logBytes === 0) return
  const file = await open(join(root, paths.log), 'r')
  try {
    const input = file.createReadStream({ end: state.logBytes - 1, autoClose: false })
    // The lines were validated before they were written.
    for await (const line of createInterface({ input })) yield JSON.parse(line) as SourceChange
  } finally {
    await file.close()
  }
}

async function listHeld(root: string): Promise<readonly VersionKey[]> {
  const held: VersionKey[] = []
  for (const dataset of await namesIn(join(root, paths.datasets))) {
    for (const edition of await namesIn(join(root, paths.editions(dataset)))) {
      for (const name of await namesIn(join(root, paths.versions({ dataset, edition })))) {
        if (/^\d+$/.test(name)) held.push({ dataset, edition, version: Number(name) })
      }
    }
  }
  return held
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

async function commit(opened: Opened, step: Step): Promise<void> {
  const { root, state, lock, onPoint } = opened
  if (state === undefined) throw new Error('The copy must be started before a commit')
  await lock.check()
  for (const contract of step.contracts) await putContract(root, contract)
  for (const version of step.take) {
    await putVersion(root, version)
    onPoint('in-place')
  }
  await writeTombstones(root, step)
  await writeLatestFiles(root, step, await listHeld(root))
  onPoint('latest')
  for (const key of step.drop) {
    await dropVersion(root, key)
    onPoint('dropped')
  }
  const logBytes = await appendLog(join(root, paths.log), state.logBytes, [
    ...step.completed,
    ...step.changes,
  ])
  onPoint('logged')
  await writeState(opened, {
    ...state,
    cursor: step.changes.at(-1)?.cursor ?? state.cursor,
    changes: state.changes + step.changes.length,
    logBytes,
    changedAt: now(),
  })
  onPoint('state')
}

async function putContract(root: string, { contract, codes }: FetchedContract): Promise<void> {
  const { dataset, contractVersion } = contract
  await writeInPlace(root, paths.contract(dataset, contractVersion), jsonText(contract))
  const lists = new Set(codes.map(({ list }) => list))
  for (const list of lists) {
    const rows = codes.filter((code) => code.list === list).map(({ code, zh, en }) => ({ code, zh, en }))
    const options = { header: true, columns: ['code', 'zh', 'en'], record_delimiter: '\n' }
    await writeInPlace(root, paths.codes(dataset, list), stringify(rows, options))
  }
}

/** Builds a version's folder aside and renames it into place, so that readers always find it complete. */
async function putVersion(root: string, { facts, files, signedBy }: FetchedVersion): Promise<void> {
  const target = join(root, paths.version(facts))
  const below = join(incoming, nameOf(facts).replaceAll('/', '-'))
  const aside = join(root, below)
  await mkdir(join(aside, 'files'), { recursive: true })
  for (const [format, path] of files) {
    await rename(path, join(aside, 'files', basename(paths.file(facts, format))))
  }
  await syncFolder(join(aside, 'files'))
  await writeInPlace(root, join(below, basename(paths.facts(facts))), jsonText({ ...facts, signedBy }))
  await mkdir(dirname(target), { recursive: true })
  await rename(aside, target)
  await syncFolder(dirname(target))
}

/** Replaces each withdrawn version and closed dataset with a file that says so. */
async function writeTombstones(root: string, { changes, ledger }: Step): Promise<void> {
  for (const { type, dataset, edition, version, at, reason } of changes) {
    if (type === 'version-withdrawn' && edition !== null && version !== null) {
      const key = { dataset, edition, version }
      await writeInPlace(root, paths.tombstone(key), jsonText({ ...key, withdrawnAt: at, reason }))
    }
    const closed = paths.closed(dataset)
    if (type === 'dataset-closed' && ledger.closed.has(dataset)) {
      await writeInPlace(root, closed, jsonText({ dataset, closedAt: at }))
    }
    if (type === 'dataset-opened') await rm(join(root, closed), { force: true })
  }
}

/** Renames a version's folder away before deleting it, so that no reader finds half of it. */
async function dropVersion(root: string, key: VersionKey): Promise<void> {
  const aside = join(root, outgoing, nameOf(key).replaceAll('/', '-'))
  await mkdir(dirname(aside), { recursive: true })
  await rm(aside, { recursive: true, force: true })
  await rename(join(root, paths.version(key)), aside)
  await syncFolder(join(root, paths.versions(key)))
  await rm(aside, { recursive: true })
}

/** Appends changes after the bytes that count; returns the new number of bytes that count. */
async function appendLog(log: string, bytes: number, changes: readonly SourceChange[]): Promise<number> {
  const lines = Buffer.from(changes.map((change) => `${JSON.stringify(change)}\n`).join(''))
  await truncateLog(log, bytes)
  const file = await open(log, 'a')
  try {
    await file.writeFile(lines)
    await file.sync()
  } finally {
    await file.close()
  }
  return bytes + lines.byteLength
}
