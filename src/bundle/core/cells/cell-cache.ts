/**
 * Caches cells that are canonical already. Columns of codes and days repeat few values, so a cached cell
 * costs one comparison. A cell that another one evicted is only checked again.
 */

interface CellCache {
  /** Whether these bytes are cached. */
  readonly has: (bytes: Buffer, from: number, to: number) => boolean
  readonly add: (bytes: Buffer, from: number, to: number) => void
}

/** A slot is as long as a day and a time with its zone; longer cells are not cached. */
const slotBytes = 32
const slotCount = 512

/** Builds an empty cache for the cells of one column. */
export function buildCellCache(): CellCache {
  // Each slot has the cell's length plus one, or 0 if it is free; then the cell.
  const slots = new Uint8Array(slotCount * slotBytes)
  return {
    has: (bytes, from, to) => {
      const length = to - from
      const slot = slotOf(bytes, from, length)
      if (slots[slot] !== length + 1) return false
      // Codes and days differ in their last bytes rather than in their first.
      for (let index = length; index > 0; index--)
        if (slots[slot + index] !== bytes[from + index - 1]) return false
      return true
    },
    add: (bytes, from, to) => {
      const length = to - from
      if (length >= slotBytes) return
      const slot = slotOf(bytes, from, length)
      slots[slot] = length + 1
      for (let index = 0; index < length; index++) slots[slot + 1 + index] = bytes[from + index] ?? 0
    },
  }
}

/** Hashes four bytes: the last two, one before the middle of the rest, and the first. */
function slotOf(bytes: Buffer, from: number, length: number): number {
  if (length === 0) return 0
  const last = from + length - 1
  const before = bytes[last - (length > 1 ? 1 : 0)] ?? 0
  const inner = bytes[last - ((3 * length) >> 3)] ?? 0
  const sample = (((bytes[from] ?? 0) * 31 + inner) * 31 + before) * 31 + (bytes[last] ?? 0)
  return ((sample + length) % slotCount) * slotBytes
}
