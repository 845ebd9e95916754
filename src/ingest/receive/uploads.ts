/**
 * Resumable uploads by the tus protocol 1.0 (https://tus.io/protocols/resumable-upload): a partial bundle is
 * stored in the data folder until it is complete, and is then received like any other. The library implements
 * the protocol; this file decides ownership, expiry and the result. Services that share a folder share the
 * locks of uploads, too.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Server } from '@tus/server'
import type { AppContext } from '../../catalogue/index.ts'
import { problem } from '../../platform/problem.ts'
import { receive } from './receive.ts'
import { sharedLocks } from './upload-locks.ts'

/** A complete upload: its bytes are a bundle now. */
export interface FinishedUpload {
  /** The receipt's id. */
  readonly bundle: string
  readonly bytes: number
}

export interface Uploads {
  /** Lets the library answer a request of the key. Errors thrown by our own hooks are rethrown here. */
  readonly handle: (request: UploadRequest) => Promise<Response>
  /** The result of a complete upload, which is received first where a crash prevented that. */
  readonly finished: (id: string) => Promise<FinishedUpload | undefined>
  /** Forgets a finished upload. The bundle remains. */
  readonly forget: (id: string) => Promise<void>
  /** Removes expired uploads and receives complete ones left by a crash. Returns how many were removed. */
  readonly sweep: () => Promise<number>
}

interface UploadRequest {
  readonly method: string
  readonly path: string
  readonly keyId: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Ends where the client or the service disconnects: received bytes are stored. */
  readonly body?: ReadableStream<Uint8Array>
}

/** Base path of uploads. */
export const uploadsPath = '/v1/bundles/uploads'

/** The folder among the stored files. */
const folder = 'uploads'

/** The request headers passed to the library: those of the protocol only. */
const protocolHeaders = [
  ...['tus-resumable', 'upload-length', 'upload-offset', 'upload-defer-length', 'upload-metadata'],
  ...['upload-concat', 'content-type', 'content-length'],
]

/** Passes the key to the hooks below. Clients can't set it: only the headers above are passed on. */
const ownerHeader = 'qingdan-key'

/** An id contains the key's id, which is not secret, and 128 random bits; the id alone shows whose it is. */
const randomBytesOfId = 16

export const isOwn = (id: string, keyId: string): boolean =>
  id.length === keyId.length + 2 * randomBytesOfId && id.startsWith(keyId)

const ownerOf = (id: string): string => id.slice(0, -2 * randomBytesOfId)

const hour = 3_600_000

/** Builds the uploads of a context; nothing is opened before the first request. */
export function buildUploads(context: AppContext): Uploads {
  const expiresAfter = context.config.QINGDAN_UPLOAD_EXPIRY_HOURS * hour
  const finishing = new Map<string, Promise<FinishedUpload | undefined>>()
  const faults = new WeakMap<object, unknown>()
  const finishedIds = new WeakMap<object, string>()
  // A HEAD while the last PATCH ends would receive the same file, and remove it too early for the other.
  const received = (id: string) => {
    const running = finishing.get(id) ?? finish(context, id).finally(() => finishing.delete(id))
    finishing.set(id, running)
    return running
  }
  const finished = async (id: string) => {
    const result = await received(id)
    if (result !== undefined) await removeBytes(context, id)
    return result
  }
  const build = async () => {
    const [{ FileStore }, { MemoryLocker, Server }] = await Promise.all([
      import('@tus/file-store'),
      import('@tus/server'),
    ])
    const directory = await context.files.localPath(folder)
    await mkdir(directory, { recursive: true, mode: 0o700 })
    return new Server({
      path: uploadsPath,
      locker: sharedLocks(context.database, new MemoryLocker()),
      datastore: new FileStore({ directory, expirationPeriodInMilliseconds: expiresAfter }),
      maxSize: context.config.QINGDAN_BODY_BYTES_MAX,
      generateUrl: (_request, { id }) => `${context.config.QINGDAN_PUBLIC_URL}${uploadsPath}/${id}`,
      namingFunction: async (request) => {
        const keyId = request.headers.get(ownerHeader) ?? ''
        await refuseTooMany(context, keyId)
        return `${keyId}${randomBytes(randomBytesOfId).toString('hex')}`
      },
      onUploadFinish: async (request, { id }) => {
        // The library reads its file once more before it answers, so the file is removed afterwards.
        finishedIds.set(request, id)
        const result = await received(id)
        return result === undefined ? {} : { headers: finishedHeaders(context, result) }
      },
      onResponseError: (request, error) => {
        if (!('status_code' in error)) faults.set(request, error)
        return undefined
      },
    })
  }
  let server: Promise<Server> | undefined
  return {
    handle: async ({ method, path, keyId, headers, body }) => {
      server ??= build()
      const passed = protocolHeaders.flatMap((name): [string, string][] => {
        const value = headers[name]
        // tuspy sends an empty Upload-Metadata; the library refuses what is empty.
        return typeof value === 'string' && value !== '' ? [[name, value]] : []
      })
      const request = new Request(`http://localhost${path}`, {
        method,
        headers: [...passed, [ownerHeader, keyId]],
        ...(body === undefined ? {} : { body, duplex: 'half' }),
      })
      const response = await (await server).handleWeb(request)
      const finishedId = finishedIds.get(request)
      if (finishedId !== undefined) await finished(finishedId)
      if (faults.has(request)) throw faults.get(request)
      if (response.status >= 500) await refuseStorageFault(context)
      return response
    },
    finished,
    forget: (id) => context.files.remove(`${folder}/${id}.done`),
    sweep: () => sweep(context, finished),
  }
}

/** Headers that point from a finished upload to its receipt. */
export function finishedHeaders(context: AppContext, { bundle }: FinishedUpload): Record<string, string> {
  const receipt = `${context.config.QINGDAN_PUBLIC_URL}/v1/bundles/${bundle}`
  return { 'qingdan-bundle': bundle, link: `<${receipt}>; rel="describedby"` }
}

/** The library hides the system's error, but a disk that was full a moment ago still is. */
async function refuseStorageFault({ files }: AppContext): Promise<void> {
  const fault = await files.findFault()
  if (fault !== undefined) throw problem(`storage-${fault}`)
}

async function refuseTooMany(context: AppContext, keyId: string): Promise<void> {
  const most = context.config.QINGDAN_UPLOADS_MAX
  const open = (await idsOf(context)).filter((id) => isOwn(id, keyId))
  if (open.length < most) return
  throw problem('uploads-too-many', {
    detail: `A key may have ${most} unfinished uploads.`,
    uploadsMax: most,
  })
}

/** Ids of unfinished uploads: each has a file that describes it. */
async function idsOf(context: AppContext): Promise<readonly string[]> {
  const names = await context.files.list(folder)
  const ending = '.json'
  return names
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(folder.length + 1, -ending.length))
}

/**
 * Receives a complete upload and records the bundle; only then may its bytes be removed. A crash between
 * these steps and a second call give the same result. Undefined where it is incomplete or missing.
 */
async function finish(context: AppContext, id: string): Promise<FinishedUpload | undefined> {
  const done = `${folder}/${id}.done`
  const path = await context.files.localPath(`${folder}/${id}`)
  const known = await readJson<FinishedUpload>(await context.files.localPath(done))
  if (known !== undefined) return known
  const info = await readJson<{ readonly size?: number }>(`${path}.json`)
  const bytes = (await stat(path).catch(unlessMissing))?.size
  if (info?.size === undefined || info.size !== bytes) return undefined
  const receipt = await receive(context, { path, broughtBy: `key:${ownerOf(id)}` })
  const result = { bundle: receipt.id, bytes }
  await context.files.write(done, Readable.from([Buffer.from(JSON.stringify(result))]))
  context.observe('checkpoint-reached', { step: 'receive', point: 'uploaded' })
  return result
}

async function removeBytes(context: AppContext, id: string): Promise<void> {
  const path = await context.files.localPath(`${folder}/${id}`)
  await rm(path, { force: true })
  await rm(`${path}.json`, { force: true })
}

async function sweep(
  context: AppContext,
  finished: (id: string) => Promise<FinishedUpload | undefined>,
): Promise<number> {
  for (const id of await idsOf(context)) await finished(id)
  const directory = await context.files.localPath(folder)
  const oldest = context.clock().getTime() - context.config.QINGDAN_UPLOAD_EXPIRY_HOURS * hour
  let removed = 0
  for (const name of (await readdir(directory).catch(unlessMissing)) ?? []) {
    const path = join(directory, name)
    const created = await createdAt(path)
    if (created === undefined || created >= oldest) continue
    await rm(path, { force: true })
    if (name.endsWith('.json')) await rm(path.slice(0, -'.json'.length), { force: true })
    removed += 1
  }
  return removed
}

/** When an upload was created or finished, by its info file; the bytes alone don't show it. */
async function createdAt(path: string): Promise<number | undefined> {
  if (path.endsWith('.done')) return (await stat(path).catch(unlessMissing))?.mtimeMs
  if (!path.endsWith('.json')) return undefined
  const info = await readJson<{ readonly creation_date?: string }>(path)
  return info?.creation_date === undefined ? undefined : Date.parse(info.creation_date)
}

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readFile(path, 'utf8').catch(unlessMissing)
  // The library does not write its files atomically: a crash may have left an empty one.
  return text === undefined || text === '' ? undefined : (JSON.parse(text) as T)
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
