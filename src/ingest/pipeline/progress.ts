/**
 * Progress of a long step. Reading a bundle is measured in bytes, whose total is known in advance; the number
 * of rows is known only once they have been read.
 */
import type { Bag } from '../../bundle/index.ts'

/**
 * Receives the step's name, the amount done, and the total if known. Steps that read rows also pass the row
 * count, and then the amount done is in bytes.
 */
export type Progress = (step: string, done: number, total?: number, rows?: number) => void

/** A bag that reports the bytes read to `onBytes`, chunk by chunk, over all files and all passes. */
export function watchBag(bag: Bag, onBytes: (bytesRead: number) => void): Bag {
  let bytes = 0
  async function* read(path: string): AsyncGenerator<Uint8Array> {
    for await (const chunk of bag.read(path)) {
      bytes += chunk.byteLength
      onBytes(bytes)
      yield chunk
    }
  }
  return { ...bag, read }
}

/** Total size of a bag's files, uncompressed. */
export function bytesOf({ entries }: Pick<Bag, 'entries'>): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** Sums row counts that restart with each file. */
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
 * A bag to be validated, with progress reports: bytes over all passes, and rows only for a single pass, since
 * otherwise the share of bytes read would not match the share of rows.
 */
export function watchRows(opened: Bag, times: number, progress: Progress) {
  const total = bytesOf(opened) * times
  const count = buildRowCount()
  let rows = 0
  let read = 0
  const report = () => progress('validate', Math.min(read, total), total, times === 1 ? rows : undefined)
  const bag = watchBag(opened, (bytes) => {
    read = bytes
    report()
  })
  const onProgress = (counted: { readonly file: string; readonly rows: number }) => {
    rows = count(counted)
    report()
  }
  return { bag, onProgress }
}

/** How often each path reads a file: the strict one for its encoding, its keys and lines, and its rows. */
export const readPasses = { fast: 1, strict: 3 } as const
