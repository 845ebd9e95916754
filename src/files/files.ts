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

/** How a stored file differs from its record. */
export type FileFault = 'missing' | 'size' | 'digest'

export interface Files {
  /**
   * Writes a file atomically (a temporary name, fsync, rename, fsync of the folder) and returns its size and
   * SHA-256. The name may be computed from these.
   */
  readonly write: (
    name: string | ((stored: StoredFile) => string),
    source: AsyncIterable<Uint8Array | string>,
    options?: { readonly bytesMax?: number },
  ) => Promise<StoredFile>
  /**
   * Reads a file or a range of it (`end` inclusive), in chunks of 1 MiB. Throws ENOENT if it does not exist.
   */
  readonly read: (
    name: string,
    range?: { readonly start: number; readonly end: number },
  ) => AsyncIterable<Uint8Array>
  /**
   * A file of a known size, or a range of it (`end` inclusive), as a stream for an HTTP response. Opens
   * nothing until it is piped; its error is ENOENT if the file does not exist. Destroying it closes the file.
   */
  readonly stream: (name: string, range: { readonly start: number; readonly end: number }) => Readable
  /** Size in bytes, or undefined if the file does not exist. */
  readonly find: (name: string) => Promise<{ readonly bytes: number } | undefined>
  /**
   * Compares a file with its recorded size and digest. The digest is computed once per process and state of
   * the file; with `again` it is always computed. `pace` receives the bytes of each chunk and may wait.
   */
  readonly check: (
    name: string,
    expected: { readonly bytes: number; readonly digest: string },
    options?: { readonly again?: boolean; readonly pace?: (bytes: number) => Promise<void> },
  ) => Promise<FileFault | undefined>
  /** Moves a file or a folder. Throws if the new name is taken: nothing is ever replaced. */
  readonly move: (from: string, to: string) => Promise<void>
  /**
   * Names of all files below a folder, as `read` takes them, sorted by code units; `''` is the root. Empty if
   * the folder does not exist.
   */
  readonly list: (folder: string) => Promise<readonly string[]>
  /** Removes a file or a folder with its content; does nothing if it does not exist. */
  readonly remove: (name: string) => Promise<void>
  /** A path on this machine that gives random access to a file or folder. */
  readonly localPath: (name: string) => Promise<string>
}
