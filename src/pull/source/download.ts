/**
 * A file of the source, brought into scratch: taken up again where it broke off, held to its digest, and under its name only
 * once it is whole. Refuses at the first word of another digest, and the first byte too many.
 */
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { digestOfFile } from '../../platform/digest.ts'
import { asTargetFault } from '../folder/file-errors.ts'
import { PullRefusal } from '../problems.ts'
import { type Client, TransientFailure, transientFailureOf } from './client.ts'
import { refusalOf } from './source.ts'

export interface Download {
  readonly path: string
  /** Where it comes to stand; what is under way stands beside it. */
  readonly to: string
  readonly bytesMax: number
  /** SHA-256 that it must have; undefined for what proves itself otherwise. */
  readonly sha256?: string
  readonly onBytes: (bytes: number) => void
}

/** Brings a file. Gives false where the source no longer has it. Throws `wrong-bytes`, `source-away`, `source-refused`. */
export async function download(client: Client, order: Download): Promise<boolean> {
  if (await isComplete(order)) return true
  return client.patiently(() => bring(client, order))
}

/** A file that a killed pull had brought already. */
async function isComplete({ to, sha256, onBytes }: Download): Promise<boolean> {
  const bytes = await sizeOf(to)
  if (bytes === undefined) return false
  if (sha256 !== undefined && (await digestOfFile(to)) === sha256) {
    onBytes(bytes)
    return true
  }
  await rm(to)
  return false
}

async function bring(client: Client, order: Download): Promise<boolean> {
  const { path, to, sha256 } = order
  const part = `${to}.part`
  const held = await placeOf(order)
  const stalled = new AbortController()
  const answer = await client.attempt(path, {
    signal: stalled.signal,
    headers: {
      // The digest is of the file itself, and a range of what is coded on the way would be of nothing.
      'accept-encoding': 'identity',
      ...(held === undefined ? {} : { range: `bytes=${held.bytes}-`, 'if-range': held.etag }),
    },
  })
  if (answer.status === 404 || answer.status === 410) {
    await answer.body?.cancel()
    return false
  }
  // RFC 9110, 14.4: what is sent has to begin where we asked; else from the beginning.
  const begins = answer.status === 206 ? beginOf(answer.headers.get('content-range')) : 0
  if (answer.status === 416 || (answer.status === 206 && begins !== held?.bytes)) {
    await answer.body?.cancel()
    await rm(part, { force: true })
    throw new TransientFailure('what was begun does not fit', { after: 0 })
  }
  if (answer.status !== 200 && answer.status !== 206) {
    throw refusalOf(path, { status: answer.status, text: await answer.text().catch(() => '') })
  }
  await checkReprDigest(answer, order)
  if (sha256 === undefined) await noteEtag(order, answer.headers.get('etag'))
  await write(answer, order, { part, begins: begins ?? 0, stalled, patience: client.stallMilliseconds })
  const isWhole = sha256 === undefined || (await digestOfFile(part)) === sha256
  if (!isWhole) {
    await rm(part)
    // What lay here may have been spoilt here: once more, and all of it.
    if (answer.status === 206)
      throw new TransientFailure('the file that was taken up again is not the one', { after: 0 })
    throw new PullRefusal('wrong-bytes', `${path}: its SHA-256 is not ${sha256}.`)
  }
  await rename(part, to)
  await rm(`${to}.etag`, { force: true })
  return true
}

/** What is there of a file, and what stands for its bytes at the source; undefined where it begins from nothing. */
async function placeOf({ to, sha256 }: Download): Promise<{ bytes: number; etag: string } | undefined> {
  const bytes = await sizeOf(`${to}.part`)
  if (bytes === undefined || bytes === 0) return undefined
  // A file's ETag is its digest; what has none told it when it was begun.
  const etag = sha256 === undefined ? await readFile(`${to}.etag`, 'utf8').catch(() => '') : `"${sha256}"`
  return etag === '' ? undefined : { bytes, etag }
}

async function noteEtag({ to }: Download, etag: string | null): Promise<void> {
  // RFC 9110, 13.1.5: a weak one can't be asked by for a range.
  if (etag === null || etag.startsWith('W/')) await rm(`${to}.etag`, { force: true })
  else await writeFile(`${to}.etag`, etag)
}

function beginOf(contentRange: string | null): number | undefined {
  const begin = /^bytes (\d+)-\d+\/(?:\d+|\*)$/.exec(contentRange ?? '')?.[1]
  return begin === undefined ? undefined : Number(begin)
}

/** RFC 9530: the digest of the whole, told before its first byte. A proxy may have taken it away. */
async function checkReprDigest(answer: Response, { path, sha256 }: Download): Promise<void> {
  const told = /sha-256=:([A-Za-z0-9+/=]+):/.exec(answer.headers.get('repr-digest') ?? '')?.[1]
  if (told === undefined || sha256 === undefined) return
  if (Buffer.from(told, 'base64').toString('hex') === sha256) return
  await answer.body?.cancel()
  throw new PullRefusal('wrong-bytes', `${path}: Repr-Digest tells another file than the feed.`)
}

interface Writing {
  readonly part: string
  readonly begins: number
  readonly stalled: AbortController
  /** In milliseconds. */
  readonly patience: number
}

/** Writes what comes behind what is there. Throws Passing where it breaks off or stalls: what came is kept. */
async function write(
  answer: Response,
  order: Download,
  { part, begins, stalled, patience }: Writing,
): Promise<void> {
  let bytes = begins
  order.onBytes(begins)
  const timer = setTimeout(() => stalled.abort(), patience)
  try {
    // Not by a pipeline: where the line breaks, that would throw away what has come and is not written yet.
    const file = await open(part, begins === 0 ? 'w' : 'a')
    try {
      for await (const chunk of answer.body ?? []) {
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
    // What was told of this file is told again with the next attempt.
    order.onBytes(-bytes)
    if (error instanceof PullRefusal) {
      await rm(part, { force: true })
      throw error
    }
    const fault = asTargetFault(error)
    if (fault !== error) throw fault
    throw transientFailureOf(error, bytes > begins)
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
