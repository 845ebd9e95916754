/**
 * A ZIP as a stream, for the formats that are one (XLSX, Data Package): equal entries give equal bytes, memory is
 * bounded whatever the size, and ZIP64 is used where sizes need it. Refuses nothing; names are ours.
 */
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { ZipFile } from 'yazl'

export interface ZipEntry {
  readonly path: string
  readonly data: Iterable<string> | AsyncIterable<string | Uint8Array>
  /** 1 to 9, as zlib has them. */
  readonly compressionLevel: number
}

/** Pieces that are handed to the compressor: large enough that calls don't count, small beside any edition. */
const chunkBytes = 1 << 16

/**
 * Streams a ZIP of these entries, one after another. An entry's data is asked for when its turn has come. What a
 * source throws is thrown here; ending early ends the source that is being read.
 */
export async function* zipArchive(entries: readonly ZipEntry[]): AsyncGenerator<Uint8Array> {
  const zip = new ZipFile()
  // @types/yazl has the stream as a bare NodeJS.ReadableStream; it is a PassThrough.
  const output = zip.outputStream as Readable
  const opened: Readable[] = []
  for (const { path, data, compressionLevel } of entries) {
    zip.addReadStreamLazy(path, { ...stamp, compressionLevel }, (take) => {
      const source = Readable.from(inChunks(data), { objectMode: false })
      // yazl pipes and does not listen: without this a broken source would leave the ZIP waiting for ever.
      source.on('error', (error) => output.destroy(error))
      opened.push(source)
      take(null, source)
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

/** One time for all entries, or the bytes would tell when they were made. A ZIP keeps local time, so it is a local one. */
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
