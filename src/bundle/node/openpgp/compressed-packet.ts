/** Works around the library's reading of damaged compressed data. Loaded with the library, on first use. */
import { ReadableStream } from 'node:stream/web'
import { CompressedDataPacket, type PartialConfig } from 'openpgp'

/**
 * Compressed data that is read to its end even if decompression fails. The library's own class stops there,
 * and decryption then waits forever (from Node 24 on, which cancels the source).
 */
export class CompressedToTheEnd extends CompressedDataPacket {
  // The library's types omit that a packet may be read from a stream, with the current settings.
  override async read(bytes: unknown, config?: PartialConfig): Promise<void> {
    const reader = (bytes as ReadableStream<Uint8Array>).getReader()
    const passed = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const { done, value } = await reader.read()
          if (done) controller.close()
          else controller.enqueue(value)
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    )
    try {
      // The additional packet is allowed in the message, but not inside itself.
      const within = { ...config, additionalAllowedPackets: [] }
      await (super.read as CompressedToTheEnd['read']).call(this, passed, within)
    } catch (error) {
      while (!(await reader.read()).done);
      throw error
    }
  }
}
