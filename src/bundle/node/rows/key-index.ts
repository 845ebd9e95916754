/**
 * Finds duplicate keys by 96 bits of their SHA-256: 16 bytes a row and at most 12 for the hash table. Equal
 * keys are always found; a false match among 20 million keys has a chance below one in 10^14, and rejects
 * rows rather than losing them.
 */
import { hash } from 'node:crypto'

export interface KeyIndex {
  /** Adds the key of the row with this ordinal. */
  readonly add: (key: string, ordinal: number) => void
  readonly hasDuplicates: () => boolean
  /** The ordinal of the first row with the key, where there are several with it; else undefined. */
  readonly firstOfDuplicates: (key: string) => number | undefined
}

/** Three words of the digest; then twice the first row's ordinal, plus one if the key is a duplicate. */
const wordsPerKey = 4
const pageKeys = 1 << 14

/** Builds an empty index. */
export function buildKeyIndex(): KeyIndex {
  // Adding a page copies nothing.
  const pages: Uint32Array[] = []
  let count = 0
  let any = false
  // A hash table with linear probing: key number plus 1, or 0 if free. At most three quarters full.
  let slots = new Int32Array(1 << 12)

  const word = (key: number, index: number) =>
    pages[Math.floor(key / pageKeys)]?.[(key % pageKeys) * wordsPerKey + index] ?? 0

  const words = new Uint32Array(3)
  function digest(key: string): void {
    // A binary string takes a third of the time of a Buffer for each key.
    const bytes = hash('sha256', key, 'binary')
    for (let index = 0; index < 3; index++) {
      const at = index * 4
      words[index] =
        bytes.charCodeAt(at) |
        (bytes.charCodeAt(at + 1) << 8) |
        (bytes.charCodeAt(at + 2) << 16) |
        (bytes.charCodeAt(at + 3) << 24)
    }
  }

  const isSame = (key: number) =>
    word(key, 0) === words[0] && word(key, 1) === words[1] && word(key, 2) === words[2]

  /** The slot of the digest in `words`: its own if present, else the free one for it. */
  function slotOf(): number {
    const mask = slots.length - 1
    for (let slot = (words[0] ?? 0) & mask; ; slot = (slot + 1) & mask) {
      const key = (slots[slot] ?? 0) - 1
      if (key < 0 || isSame(key)) return slot
    }
  }

  function rehash(): void {
    slots = new Int32Array(slots.length * 2)
    const mask = slots.length - 1
    for (let key = 0; key < count; key++) {
      let slot = word(key, 0) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = key + 1
    }
  }

  function add(key: string, ordinal: number): void {
    digest(key)
    const slot = slotOf()
    const former = (slots[slot] ?? 0) - 1
    if (former >= 0) {
      const page = pages[Math.floor(former / pageKeys)]
      const at = (former % pageKeys) * wordsPerKey + 3
      if (page !== undefined) page[at] = (page[at] ?? 0) | 1
      any = true
      return
    }
    const page = count % pageKeys === 0 ? new Uint32Array(pageKeys * wordsPerKey) : pages[pages.length - 1]
    if (page === undefined) throw new Error('The pages of the key index do not fit its count.')
    if (count % pageKeys === 0) pages.push(page)
    const at = (count % pageKeys) * wordsPerKey
    for (let index = 0; index < 3; index++) page[at + index] = words[index] ?? 0
    page[at + 3] = ordinal * 2
    slots[slot] = count + 1
    count += 1
    if (count * 4 > slots.length * 3) rehash()
  }

  function firstOfDuplicates(key: string): number | undefined {
    digest(key)
    const former = (slots[slotOf()] ?? 0) - 1
    const ordinal = former < 0 ? 0 : word(former, 3)
    return ordinal % 2 === 1 ? (ordinal - 1) / 2 : undefined
  }
  return { add, hasDuplicates: () => any, firstOfDuplicates }
}
