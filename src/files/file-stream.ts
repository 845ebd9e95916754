/**
 * A file, or a range of it, as a stream that an HTTP answer takes fast: two buffers go to and fro between disk and socket
 * for a whole download, where a stream of fresh chunks spends its time on getting memory. Piped anywhere else it is a
 * stream as others are. It ends with an error where the file ends early.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { OutgoingMessage } from 'node:http'
import { Readable, type Writable } from 'node:stream'

/**
 * Half a mebibyte in two buffers is what a slow reader holds. Larger ones were not faster by what can be told: 40 ms of
 * processor for 108 MB, against 120 by chunks of a mebibyte that are new each time.
 */
const bufferBytes = 256 * 1024

export interface FileRange {
  readonly start: number
  /** The last byte, included. */
  readonly end: number
}

/** Opens nothing until it is read or piped. */
export class FileStream extends Readable {
  readonly #path: string
  readonly #end: number
  #at: number
  #handle: FileHandle | undefined
  #isSending = false

  constructor(path: string, { start, end }: FileRange) {
    super({ highWaterMark: bufferBytes })
    this.#path = path
    this.#at = start
    this.#end = end
  }

  override _read(): void {
    if (this.#isSending) return
    this.#readInto(Buffer.allocUnsafe(bufferBytes)).then(
      (bytes) => this.push(bytes),
      (error: Error) => this.destroy(error),
    )
  }

  override pipe<T extends NodeJS.WritableStream>(target: T, options?: { readonly end?: boolean }): T {
    // Only there is a chunk done with once its write has called back; others may hand it on as it is.
    if (!(target instanceof OutgoingMessage)) return super.pipe(target, options)
    this.#isSending = true
    this.#sendTo(target).then(
      () => {
        // The end of the answer follows ours: the other way round it would look as if the answer broke off.
        if (options?.end !== false) this.once('end', () => target.end())
        this.push(null)
        // Nothing is left to be read, but `end` comes only to those who ask.
        this.resume()
      },
      (error: Error) => this.destroy(error),
    )
    return target
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const handle = this.#handle
    this.#handle = undefined
    // Closing waits for a read that is under way.
    const closed = handle === undefined ? Promise.resolve() : handle.close()
    closed.then(
      () => callback(error),
      (fault: Error) => callback(error ?? fault),
    )
  }

  async #sendTo(target: Writable | OutgoingMessage): Promise<void> {
    const buffers = [Buffer.allocUnsafeSlow(bufferBytes), Buffer.allocUnsafeSlow(bufferBytes)] as const
    let written = Promise.resolve()
    for (let turn: 0 | 1 = 0; ; turn = turn === 0 ? 1 : 0) {
      const chunk = await this.#readInto(buffers[turn])
      // The other buffer is being written meanwhile; this one was done with before it.
      await written
      if (chunk === null) return
      written = new Promise((resolve, reject) => {
        target.write(chunk, (error) => (error ? reject(error) : resolve()))
      })
      // It is awaited above, after the next read.
      written.catch(() => undefined)
    }
  }

  /** The next bytes, as many as fit; null at the end. */
  async #readInto(buffer: Buffer): Promise<Buffer | null> {
    const wanted = Math.min(buffer.length, this.#end - this.#at + 1)
    if (wanted <= 0) return null
    this.#handle ??= await this.#open()
    const { bytesRead } = await this.#handle.read(buffer, 0, wanted, this.#at)
    if (bytesRead === 0) throw new Error('a stored file is shorter than it was')
    this.#at += bytesRead
    return bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead)
  }

  async #open(): Promise<FileHandle> {
    const handle = await open(this.#path, 'r')
    if (!this.destroyed) return handle
    // Whoever asked is gone meanwhile, and `_destroy` had nothing to close.
    await handle.close()
    throw new Error('the stream was ended')
  }
}
