/**
 * Files by name, through one interface: local disk now, object storage later. A file appears whole or not at
 * all; names use `/` and never leave the folder.
 */
import type { Readable } from 'node:stream'
import type { Digest } from '../platform/digest.ts'
import type { StorageFault } from '../platform/storage-fault.ts'

export interface StoredFile {
  readonly bytes: number
  readonly digest: Digest
}

/** How a stored file differs from its record; `unreadable`: the disk does not return its bytes. */
export type FileFault = 'missing' | 'size' | 'digest' | 'unreadable'

export interface WriteOptions {
  readonly bytesMax?: number
  /**
   * Whether to replace a file that has other bytes: what an earlier attempt left, or damaged bytes under a name
   * that contains their digest. A sealed file is never replaced.
   */
  readonly replace?: boolean
}

export interface Files {
  /**
   * Writes a file atomically (a temporary name, fsync, link, fsync of the folder) and returns its size and
   * SHA-256. The name may be computed from these. A file with the same bytes stays as it is; for one with
   * other bytes FileConflict is thrown, and it stays as well.
   */
  readonly write: (
    name: string | ((stored: StoredFile) => string),
    source: AsyncIterable<Uint8Array | string>,
    options?: WriteOptions,
  ) => Promise<StoredFile>
  /**
   * Seals a file, which takes its write permission: from now on no write replaces its bytes and no plain
   * `remove` deletes it. Returns whether the file exists.
   */
  readonly seal: (name: string) => Promise<boolean>
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
  /**
   * Removes a file or a folder with its content; does nothing if it does not exist. Throws FileConflict, and
   * removes nothing, if a file of it is sealed, unless `sealed` says that these are meant.
   */
  readonly remove: (name: string, options?: { readonly sealed?: boolean }) => Promise<void>
  /** Why no file can be written now, tried by writing one; undefined if it can. */
  readonly findFault: () => Promise<StorageFault | undefined>
  /** A path on this machine that gives random access to a file or folder. */
  readonly localPath: (name: string) => Promise<string>
}
