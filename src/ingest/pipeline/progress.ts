/**
 * How far a long step has come. What reads a bundle is measured by its bytes, whose sum is known before; how many rows
 * there are is not known until they have been read.
 */
import type { Bag } from '../../bundle/index.ts'

/**
 * Told the step's name, what is done, and of how much where that is known. A step that reads rows tells how many, and
 * then what is done is bytes.
 */
export type Progress = (step: string, done: number, total?: number, rows?: number) => void

/** A bag whose reading is told to `tell` in bytes, chunk by chunk, over all its files and however often they are read. */
export function watchBag(bag: Bag, tell: (bytesRead: number) => void): Bag {
  let bytes = 0
  async function* read(path: string): AsyncGenerator<Uint8Array> {
    for await (const chunk of bag.read(path)) {
      bytes += chunk.byteLength
      tell(bytes)
      yield chunk
    }
  }
  return { ...bag, read }
}

/** Bytes of a bag's files once unpacked. */
export function bytesOf({ entries }: Pick<Bag, 'entries'>): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** Adds up rows that are counted anew in each file. */
function buildRowCount(): (progress: { readonly file: string; readonly rows: number }) => number {
  let [file, before, last] = ['', 0, 0]
  return (progress) => {
    if (progress.file !== file) {
      before += last
      file = progress.file
    }
    last = progress.rows
    return before + last
  }
}

/**
 * A bag to be validated, and what tells of it: bytes as they are read, so many times over; and rows as they come, where
 * that is once, for else the share of the bytes says nothing about that of the rows.
 */
export function watchRows(opened: Bag, times: number, progress: Progress) {
  const total = bytesOf(opened) * times
  const count = buildRowCount()
  let rows = 0
  let read = 0
  const tell = () => progress('validate', Math.min(read, total), total, times === 1 ? rows : undefined)
  const bag = watchBag(opened, (bytes) => {
    read = bytes
    tell()
  })
  const onProgress = (counted: { readonly file: string; readonly rows: number }) => {
    rows = count(counted)
    tell()
  }
  return { bag, onProgress }
}

/** How often each way reads a file: the careful one for its encoding, for its keys and lines, and for its rows. */
export const readings = { fast: 1, strict: 3 } as const
