/** A bag as it can be read: its files by path, wherever they lie. What can't be opened is refused before. */
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
  /** Reads a file as often as asked. Throws BundleRefusal where its bytes are not what the packing says. */
  readonly read: (path: string) => AsyncIterable<Uint8Array>
  readonly close: () => Promise<void>
}

/** Reads a small file of the bag whole, or gives undefined where it is longer than the limit. */
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

/** The bytes of several chunks; one is given as it is. */
export function joinChunks(chunks: readonly Uint8Array[]): Buffer {
  const [first] = chunks
  if (first === undefined || chunks.length > 1) return Buffer.concat(chunks)
  return Buffer.from(first.buffer, first.byteOffset, first.byteLength)
}

/** Sorts by code units, which is the same everywhere. */
export function sortEntries<T extends { readonly path: string }>(entries: readonly T[]): readonly T[] {
  return [...entries].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

/** A bag holds no such path: our own fault, for the caller has the entries. */
export function noSuchEntry(path: string): Error {
  return new Error(`The bag has no entry ${path}.`)
}

/** Refuses for one reason. */
export function refuseBag(...fault: Parameters<typeof faultAt>): never {
  throw new BundleRefusal([faultAt(...fault)])
}
