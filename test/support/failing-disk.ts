/**
 * A disk that reports input/output errors (EIO), as LD_PRELOAD would make one: replaces the functions of `node:fs` in
 * this process, whoever has imported them. Our own code is unchanged; the bytes of a handle that was opened before
 * are refused too.
 */
import fs, { type PathLike } from 'node:fs'
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export interface DiskFault {
  /** Only paths in these folders fail. */
  readonly folders: readonly string[]
  /** Which operations fail; metadata, such as names and sizes, counts as written and is always readable. */
  readonly operations: 'read' | 'write' | 'all'
  /** Operations that succeed before the first one fails. */
  readonly skip?: number
  /** Operations that fail; all from then on by default. */
  readonly count?: number
  /** Called each time an operation fails. */
  readonly onFailure?: () => void
}

export interface FailingDisk {
  readonly fail: (fault: DiskFault) => void
  /** Every operation succeeds again. */
  readonly heal: () => void
}

type Any = (...args: unknown[]) => unknown
type Kind = 'read' | 'write'

/** Functions with a path as their first argument. */
const byPath: Readonly<Record<string, Kind>> = {
  ...{ readFile: 'read', copyFile: 'write', cp: 'write', writeFile: 'write', appendFile: 'write' },
  ...{ link: 'write', rename: 'write', mkdir: 'write', rm: 'write', rmdir: 'write', unlink: 'write' },
  ...{ symlink: 'write', chmod: 'write', truncate: 'write', mkdtemp: 'write', utimes: 'write' },
}

/** Methods of a handle. */
const byHandle: Readonly<Record<string, Kind>> = {
  ...{ read: 'read', readv: 'read', readFile: 'read', write: 'write', writev: 'write', writeFile: 'write' },
  ...{ appendFile: 'write', sync: 'write', datasync: 'write', truncate: 'write', chmod: 'write' },
}

/** Functions with a descriptor as their first argument and a callback as their last: what streams use. */
const byDescriptor: Readonly<Record<string, Kind>> = {
  ...{ read: 'read', readv: 'read', write: 'write', writev: 'write', fsync: 'write', fdatasync: 'write' },
}

let disk: Promise<FailingDisk> | undefined

/** The only failing disk of this process; healthy at first. */
export function failingDisk(): Promise<FailingDisk> {
  disk ??= install()
  return disk
}

async function install(): Promise<FailingDisk> {
  let fault: DiskFault | undefined
  let reached = 0
  const paths = new Map<number, string>()
  const refusal = (kind: Kind, syscall: string, path: string | undefined): Error | undefined => {
    if (fault === undefined || path === undefined) return undefined
    if (fault.operations !== 'all' && fault.operations !== kind) return undefined
    if (!fault.folders.some((folder) => path === folder || path.startsWith(`${folder}/`))) return undefined
    const { skip = 0, count = Number.POSITIVE_INFINITY, onFailure } = fault
    reached += 1
    if (reached <= skip || reached > skip + count) return undefined
    onFailure?.()
    const error = new Error(`EIO: i/o error, ${syscall} '${path}'`)
    return Object.assign(error, { errno: -5, code: 'EIO', syscall, path })
  }

  const promises = fs.promises as unknown as Record<string, Any>
  for (const [name, kind] of Object.entries(byPath)) {
    const original = promises[name] as Any
    promises[name] = async (...args) => {
      const refused = refusal(kind, name, pathOf(args[0]))
      if (refused !== undefined) throw refused
      return original(...args)
    }
  }
  const opening = promises['open'] as (...args: unknown[]) => Promise<FileHandle>
  promises['open'] = async (...args) => {
    const path = pathOf(args[0])
    const refused = isWriting(args[1]) ? refusal('write', 'open', path) : undefined
    if (refused !== undefined) throw refused
    const handle = await opening(...args)
    if (path !== undefined) paths.set(handle.fd, path)
    return handle
  }

  const methods = await prototypeOfHandle()
  for (const [name, kind] of Object.entries(byHandle)) {
    const original = methods[name] as Any
    methods[name] = async function (this: FileHandle, ...args: unknown[]) {
      const refused = refusal(kind, name, paths.get(this.fd))
      if (refused !== undefined) throw refused
      return original.apply(this, args)
    }
  }

  const callbacks = fs as unknown as Record<string, Any>
  const openingFile = callbacks['open'] as Any
  callbacks['open'] = (...args) => {
    const path = pathOf(args[0])
    const done = args.pop() as Any
    const refused = isWriting(args[1]) ? refusal('write', 'open', path) : undefined
    if (refused !== undefined) return process.nextTick(done, refused)
    return openingFile(...args, (error: unknown, descriptor: number) => {
      if (error === null && path !== undefined) paths.set(descriptor, path)
      done(error, descriptor)
    })
  }
  for (const [name, kind] of Object.entries(byDescriptor)) {
    const original = callbacks[name] as Any
    callbacks[name] = (...args) => {
      const refused = refusal(kind, name, paths.get(args[0] as number))
      if (refused === undefined) return original(...args)
      return process.nextTick(args.at(-1) as Any, refused)
    }
  }
  syncBuiltinESMExports()

  return {
    fail: (next) => {
      fault = { ...next, folders: next.folders.map((folder) => resolve(folder)) }
      reached = 0
    },
    heal: () => {
      fault = undefined
    },
  }
}

function pathOf(path: unknown): string | undefined {
  return typeof path === 'string' || path instanceof URL ? resolve(String(path as PathLike)) : undefined
}

/** Whether flags of `open` ask for more than reading. */
function isWriting(flags: unknown): boolean {
  return typeof flags === 'number' ? (flags & 3) !== 0 : /[wa+]/.test(String(flags ?? 'r'))
}

async function prototypeOfHandle(): Promise<Record<string, Any>> {
  const folder = await mkdtemp(join(tmpdir(), 'qingdan-handle-'))
  const handle = await open(join(folder, 'file'), 'w')
  try {
    return Object.getPrototypeOf(handle) as Record<string, Any>
  } finally {
    await handle.close()
    await rm(folder, { recursive: true })
  }
}
