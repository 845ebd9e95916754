/**
 * Downloads a file of the source into scratch, resumes where it broke off, checks its digest, and renames it
 * when it is complete. Stops at the first sign of another digest, and at the first byte too many.
 */
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { digestOfFile } from '../../platform/digest.ts'
import { asTargetFault } from '../folder/file-errors.ts'
import { PullRefusal } from '../problems.ts'
import { type Client, TransientFailure, transientFailureOf } from './client.ts'
import { refusalOf } from './source.ts'

interface Download {
  readonly path: string
  /** The final path; the partial file is beside it. */
  readonly to: string
  readonly bytesMax: number
  /** Expected SHA-256; undefined for a bag, which has its own manifests. */
  readonly sha256?: string
  readonly onBytes: (bytes: number) => void
}

/**
 * Downloads a file. Returns false if the source no longer has it. Throws `wrong-bytes`, `source-away`,
 * `source-refused`.
 */
export async function download(client: Client, order: Download): Promise<boolean> {
  if (await isDownloaded(order)) return true
  return client.withRetries(() => fetchFile(client, order))
}

/** Whether an earlier pull has downloaded the file. */
async function isDownloaded({ to, sha256, onBytes }: Download): Promise<boolean> {
  const bytes = await sizeOf(to)
  if (bytes === undefined) return false
  if (sha256 !== undefined && (await digestOfFile(to)) === sha256) {
    onBytes(bytes)
    return true
  }
  await rm(to)
  return false
}

async function fetchFile(client: Client, order: Download): Promise<boolean> {
  const { path, to, sha256 } = order
  const part = `${to}.part`
  const held = await partialOf(order)
  const stalled = new AbortController()
  const response = await client.attempt(path, {
    signal: stalled.signal,
    headers: {
      // The digest is that of the file itself, and a range of an encoded body would not fit.
      'accept-encoding': 'identity',
      ...(held === undefined ? {} : { range: `bytes=${held.bytes}-`, 'if-range': held.etag }),
    },
  })
  if (response.status === 404 || response.status === 410) {
    await response.body?.cancel()
    return false
  }
  // RFC 9110, 14.4: the range must start where we asked; otherwise start again.
  const start = response.status === 206 ? startOf(response.headers.get('content-range')) : 0
  if (response.status === 416 || (response.status === 206 && start !== held?.bytes)) {
    await response.body?.cancel()
    await rm(part, { force: true })
    throw new TransientFailure('the partial file does not match', { after: 0 })
  }
  if (response.status !== 200 && response.status !== 206) {
    throw refusalOf(path, { status: response.status, text: await response.text().catch(() => '') })
  }
  await checkReprDigest(response, order)
  if (sha256 === undefined) await storeEtag(order, response.headers.get('etag'))
  await write(response, order, {
    part,
    start: start ?? 0,
    stalled,
    stallMilliseconds: client.stallMilliseconds,
  })
  const isWhole = sha256 === undefined || (await digestOfFile(part)) === sha256
  if (!isWhole) {
    await rm(part)
    // The partial file may have been damaged on this machine: download all of it once more.
    if (response.status === 206)
      throw new TransientFailure('the resumed file has another digest', { after: 0 })
    throw new PullRefusal('wrong-bytes', `${path}: its SHA-256 is not ${sha256}.`)
  }
  await rename(part, to)
  await rm(`${to}.etag`, { force: true })
  return true
}

/** The size of the partial file and the ETag to resume with; undefined to start from the beginning. */
async function partialOf({ to, sha256 }: Download): Promise<{ bytes: number; etag: string } | undefined> {
  const bytes = await sizeOf(`${to}.part`)
  if (bytes === undefined || bytes === 0) return undefined
  // A file's ETag is its digest; for a bag it was stored with the first request.
  const etag = sha256 === undefined ? await readFile(`${to}.etag`, 'utf8').catch(() => '') : `"${sha256}"`
  return etag === '' ? undefined : { bytes, etag }
}

async function storeEtag({ to }: Download, etag: string | null): Promise<void> {
  // RFC 9110, 13.1.5: If-Range cannot use a weak ETag.
  if (etag === null || etag.startsWith('W/')) await rm(`${to}.etag`, { force: true })
  else await writeFile(`${to}.etag`, etag)
}

function startOf(contentRange: string | null): number | undefined {
  const start = /^bytes (\d+)-\d+\/(?:\d+|\*)$/.exec(contentRange ?? '')?.[1]
  return start === undefined ? undefined : Number(start)
}

/**
 * RFC 9530: checks the digest of the whole file before its first byte. A proxy may have removed the header.
 */
async function checkReprDigest(response: Response, { path, sha256 }: Download): Promise<void> {
  const sent = /sha-256=:([A-Za-z0-9+/=]+):/.exec(response.headers.get('repr-digest') ?? '')?.[1]
  if (sent === undefined || sha256 === undefined) return
  if (Buffer.from(sent, 'base64').toString('hex') === sha256) return
  await response.body?.cancel()
  throw new PullRefusal('wrong-bytes', `${path}: Repr-Digest differs from the digest in the feed.`)
}

interface Writing {
  readonly part: string
  readonly start: number
  readonly stalled: AbortController
  readonly stallMilliseconds: number
}

/**
 * Appends the response to the partial file. Throws TransientFailure if it breaks off or stalls; what arrived
 * stays.
 */
async function write(
  response: Response,
  order: Download,
  { part, start, stalled, stallMilliseconds }: Writing,
): Promise<void> {
  let bytes = start
  order.onBytes(start)
  const timer = setTimeout(() => stalled.abort(), stallMilliseconds)
  try {
    // No pipeline(): on a broken connection it would discard data received but not yet written.
    const file = await open(part, start === 0 ? 'w' : 'a')
    try {
      for await (const chunk of response.body ?? []) {
        timer.refresh()
        if (bytes + chunk.byteLength > order.bytesMax) {
          throw new PullRefusal('wrong-bytes', `${order.path}: more than ${order.bytesMax} bytes.`)
        }
        await file.appendFile(chunk)
        bytes += chunk.byteLength
        order.onBytes(chunk.byteLength)
      }
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    // Takes back the progress of this file; the next attempt reports it again.
    order.onBytes(-bytes)
    if (error instanceof PullRefusal) {
      await rm(part, { force: true })
      throw error
    }
    const fault = asTargetFault(error)
    if (fault !== error) throw fault
    throw transientFailureOf(error, bytes > start)
  } finally {
    clearTimeout(timer)
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  )
}
