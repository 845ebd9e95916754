/**
 * Streams a ZIP, for XLSX and Data Package. Equal entries give equal bytes, memory is bounded, and ZIP64 is used when
 * sizes need it. Entry names are trusted.
 */
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { ZipFile } from 'yazl'

export interface ZipEntry {
  readonly path: string
  readonly data: Iterable<string> | AsyncIterable<string | Uint8Array>
  /** zlib level, 1 to 9. */
  readonly compressionLevel: number
}

/** Chunks for the compressor: large enough to make the cost per call negligible. */
const chunkBytes = 1 << 16

/**
 * Streams a ZIP of these entries, one after another. Each entry's data is read only when its turn comes. Errors of a
 * source are rethrown; returning early closes the source being read.
 */
export async function* zipArchive(entries: readonly ZipEntry[]): AsyncGenerator<Uint8Array> {
  const zip = new ZipFile()
  // @types/yazl declares a NodeJS.ReadableStream; it is a PassThrough.
  const output = zip.outputStream as Readable
  const opened: Readable[] = []
  for (const { path, data, compressionLevel } of entries) {
    zip.addReadStreamLazy(path, { ...stamp, compressionLevel }, (done) => {
      const source = Readable.from(inChunks(data), { objectMode: false })
      // yazl pipes without an error listener: a broken source would hang the ZIP.
      source.on('error', (error) => output.destroy(error))
      opened.push(source)
      done(null, source)
    })
  }
  zip.end()
  zip.on('error', (error: Error) => output.destroy(error))
  try {
    for await (const chunk of output) yield chunk as Uint8Array
  } finally {
    for (const source of opened.filter(({ closed }) => !closed)) {
      source.destroy()
      await once(source, 'close')
    }
  }
}

/** A fixed time for all entries, so that equal entries give equal bytes. Local, because ZIP stores local time. */
const stamp = { mtime: new Date(2000, 0, 1), mode: 0o100_644, forceDosTimestamp: true } as const

async function* inChunks(data: ZipEntry['data']): AsyncGenerator<Buffer> {
  let held: Buffer[] = []
  let heldBytes = 0
  for await (const piece of data) {
    const bytes = Buffer.from(piece as string)
    held.push(bytes)
    heldBytes += bytes.length
    if (heldBytes < chunkBytes) continue
    yield Buffer.concat(held)
    held = []
    heldBytes = 0
  }
  yield Buffer.concat(held)
}
