/** A readable bag: its files by path, wherever they are stored. What cannot be opened is rejected earlier. */
import { BundleRefusal, faultAt } from '../findings/checks.ts'

export type Packing = 'zip' | 'folder'

export interface BagEntry {
  /** Inside the bag, with `/`, in NFC. */
  readonly path: string
  readonly bytes: number
}

export interface Bag {
  readonly packing: Packing
  /** Sorted by path, in code units. */
  readonly entries: readonly BagEntry[]
  /** Reads a file, any number of times. Throws BundleRefusal if its bytes contradict the package. */
  readonly read: (path: string) => AsyncIterable<Uint8Array>
  readonly close: () => Promise<void>
}

/** Reads a small file of the bag whole, or returns undefined if it is longer than the limit. */
export async function readWhole(bag: Bag, path: string, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of bag.read(path)) {
    bytes += chunk.byteLength
    if (bytes > bytesMax) return undefined
    chunks.push(chunk)
  }
  return joinChunks(chunks)
}

/** Joins several chunks; a single one is returned as it is. */
export function joinChunks(chunks: readonly Uint8Array[]): Buffer {
  const [first] = chunks
  if (first === undefined || chunks.length > 1) return Buffer.concat(chunks)
  return Buffer.from(first.buffer, first.byteOffset, first.byteLength)
}

/** Sorts by code units, which is the same everywhere. */
export function sortEntries<T extends { readonly path: string }>(entries: readonly T[]): readonly T[] {
  return [...entries].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

/** The bag has no such path: an internal error, since the caller has the entries. */
export function noSuchEntry(path: string): Error {
  return new Error(`The bag has no entry ${path}.`)
}

/** Rejects for one reason. */
export function refuseBag(...fault: Parameters<typeof faultAt>): never {
  throw new BundleRefusal([faultAt(...fault)])
}
