/**
 * Spreads whole files over several bags; no file is split. Equal files are spread equally. Throws plain
 * Errors if that is impossible; the caller knows who asked for it.
 */

interface SpreadFile {
  readonly name: string
  readonly bytes: number
}

/** Spreads files over so many bags of similar size: the largest first, each into the smallest bag. */
export function spreadByCount<T extends SpreadFile>(
  files: readonly T[],
  bags: number,
): readonly (readonly T[])[] {
  if (files.length < bags)
    throw new Error(`Files are not split: ${bags} bags need at least ${bags} files, not ${files.length}.`)
  const spread = Array.from({ length: bags }, () => ({ files: [] as T[], bytes: 0 }))
  for (const file of heaviestFirst(files)) {
    // A bag must have a file; among equal bags take the first.
    const lightest = spread.reduce((one, other) => (isLighter(other, one) ? other : one))
    lightest.files.push(file)
    lightest.bytes += file.bytes
  }
  return spread.map((bag) => byName(bag.files))
}

/** Spreads files over few bags, each with at most so many bytes in `data/`. */
export function spreadByBytes<T extends SpreadFile>(
  files: readonly T[],
  bytesMax: number,
): readonly (readonly T[])[] {
  const spread: { readonly files: T[]; bytes: number }[] = []
  for (const file of heaviestFirst(files)) {
    if (file.bytes > bytesMax)
      throw new Error(
        `${file.name} has ${file.bytes} bytes, more than a bag may have, and files are not split.`,
      )
    const fitting = spread.find(({ bytes }) => bytes + file.bytes <= bytesMax)
    if (fitting === undefined) spread.push({ files: [file], bytes: file.bytes })
    else {
      fitting.files.push(file)
      fitting.bytes += file.bytes
    }
  }
  return spread.map((bag) => byName(bag.files))
}

interface Filling {
  readonly files: readonly unknown[]
  readonly bytes: number
}

function isLighter(one: Filling, other: Filling): boolean {
  return one.bytes < other.bytes || (one.bytes === other.bytes && one.files.length < other.files.length)
}

function heaviestFirst<T extends SpreadFile>(files: readonly T[]): readonly T[] {
  return [...files].sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1))
}

function byName<T extends SpreadFile>(files: readonly T[]): readonly T[] {
  return [...files].sort((a, b) => (a.name < b.name ? -1 : 1))
}
