/**
 * Compares stored files with their recorded size and digest. A digest is computed once per process and state
 * of a file: device, inode, size and times identify the state, so a replaced or rewritten file is read again.
 * Damage below the file system changes none of them; only a check that reads again finds it.
 */
import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { LRUCache } from 'lru-cache'
import { storageFaultOf } from '../platform/storage-fault.ts'
import type { FileFault, Files } from './files.ts'

type CheckFile = Files['check']
type FileCheckOptions = NonNullable<Parameters<CheckFile>[2]>
type Expected = Parameters<CheckFile>[1]

/** Files whose digests are known: about 30 MB of memory when full. */
const knownMax = 100_000

/**
 * File systems round times, so a change right after a read may leave them as they were. The digest of a file
 * that changed this recently is not remembered.
 */
const settleMilliseconds = 1_000

/** As for downloads: larger buffers were not measurably faster. */
const bufferBytes = 256 * 1024

/** Builds the check of files by their paths. Concurrent checks of a file share one read of it. */
export function buildFileChecks(): CheckFile {
  const known = new LRUCache<string, { readonly state: string; readonly digest: string }>({ max: knownMax })
  const running = new Map<string, Promise<string | undefined>>()
  const read = async (path: string, state: string, options: FileCheckOptions) => {
    const began = Date.now()
    const digest = await digestAt(path, options)
    const after = await stateOf(path)
    if (digest === undefined || after?.state !== state) known.delete(path)
    else if (began - after.changedAt > settleMilliseconds) known.set(path, { state, digest })
    return digest
  }
  const compare: CheckFile = async (path, expected, options = {}) => {
    const found = await stateOf(path)
    if (found === undefined) return 'missing'
    if (found.bytes !== expected.bytes) return 'size'
    const before = known.get(path)
    if (options.again !== true && before?.state === found.state) return faultOf(before.digest, expected)
    if (options.again === true) return faultOf(await read(path, found.state, options), expected)
    const name = `${found.state} ${path}`
    const digest = running.get(name) ?? read(path, found.state, options).finally(() => running.delete(name))
    running.set(name, digest)
    return faultOf(await digest, expected)
  }
  return (...of) => compare(...of).catch(unreadable)
}

/** A bad sector damages one file: it is reported like other damage, and the other files are still checked. */
function unreadable(error: unknown): FileFault {
  if (storageFaultOf(error) !== 'failing') throw error
  return 'unreadable'
}

function faultOf(digest: string | undefined, expected: Expected): FileFault | undefined {
  if (digest === undefined) return 'missing'
  return digest === expected.digest ? undefined : 'digest'
}

interface FileState {
  readonly bytes: number
  /** In milliseconds since the epoch. */
  readonly changedAt: number
  readonly state: string
}

/** The state of a file; undefined if there is none. */
async function stateOf(path: string): Promise<FileState | undefined> {
  const found = await stat(path, { bigint: true }).catch(unlessMissing)
  if (!found?.isFile()) return undefined
  const { dev, ino, size, mtimeNs, ctimeNs } = found
  // The time of change (ctime) can't be set by a program, unlike the time of modification.
  return {
    bytes: Number(size),
    changedAt: Number(ctimeNs / 1_000_000n),
    state: [dev, ino, size, mtimeNs, ctimeNs].join(' '),
  }
}

/** SHA-256 of a file's bytes; undefined if it does not exist. Throws the error of a failing disk. */
async function digestAt(path: string, { pace }: FileCheckOptions): Promise<string | undefined> {
  const handle = await open(path, 'r').catch(unlessMissing)
  if (handle === undefined) return undefined
  try {
    const hash = createHash('sha256')
    const buffer = Buffer.allocUnsafeSlow(bufferBytes)
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, bufferBytes)
      if (bytesRead === 0) return hash.digest('hex')
      hash.update(buffer.subarray(0, bytesRead))
      await pace?.(bytesRead)
    }
  } finally {
    await handle.close()
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
}
