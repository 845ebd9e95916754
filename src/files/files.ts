/**
 * Files by name, through one interface: local disk now, object storage later. A file appears whole or not at
 * all; names use `/` and never leave the folder.
 */
import type { Readable } from 'node:stream'
import type { Digest } from '../platform/digest.ts'

export interface StoredFile {
  readonly bytes: number
  readonly digest: Digest
}

export interface Files {
  /**
   * Writes a file atomically (a temporary name, fsync, rename, fsync of the folder) and tells its size and
   * SHA-256. The name may be made of these, once they are known.
   */
  readonly write: (
    name: string | ((stored: StoredFile) => string),
    source: AsyncIterable<Uint8Array | string>,
    options?: { readonly bytesMax?: number },
  ) => Promise<StoredFile>
  /**
   * Reads a file or a range of it (`end` inclusive), in chunks of 1 MiB. Throws ENOENT where there is none.
   */
  readonly read: (
    name: string,
    range?: { readonly start: number; readonly end: number },
  ) => AsyncIterable<Uint8Array>
  /**
   * A file of a known size, or a range of it (`end` inclusive), as a stream to send as an HTTP answer. Opens nothing until
   * it is piped; its error is ENOENT where there is none. Whoever destroys it gives the file back.
   */
  readonly stream: (name: string, range: { readonly start: number; readonly end: number }) => Readable
  /** Size in bytes, or undefined where there is none. */
  readonly find: (name: string) => Promise<{ readonly bytes: number } | undefined>
  /**
   * Names of the files below a folder, as `read` takes them, sorted by code units; below `''` all. None where
   * there is no such folder.
   */
  readonly list: (folder: string) => Promise<readonly string[]>
  /** Removes a file or a folder with all it holds; nothing happens where there is none. */
  readonly remove: (name: string) => Promise<void>
  /** A path on this machine under which a file or folder can be read at random. */
  readonly localPath: (name: string) => Promise<string>
}
