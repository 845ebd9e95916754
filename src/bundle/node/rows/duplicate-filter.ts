/**
 * Detects whether any two keys may be equal, from a seeded 64-bit hash of each: eight bytes per key, whatever
 * its length. Equal keys are never missed. Different keys collide about once in 10^5 bundles of 20 million
 * rows, which only costs a second check (key-index.ts); so the hash is a fast one. Its random seed prevents
 * prepared collisions.
 */

import { randomInt } from 'node:crypto'
import { setImmediate as pause } from 'node:timers/promises'
import type { DuplicateFilter } from '../../core/cells/duplicate-filter.ts'

/** Keys are partitioned by their first bits, so that they can be sorted in steps between other work. */
const parts = 256
const pageKeys = 1024

/** A bitmap of possibly duplicate keys: half a megabyte; with 1,000 of them, 1 false positive in 4,000. */
const bitmapBits = 22

/** Sentinels outside the byte range: end of value, missing value. */
const end = 0x1ff
const none = 0x2ff

/** Builds an empty filter. The hash is cyrb53 (bryc, public domain), taken over bytes. */
export function buildDuplicateFilter(): DuplicateFilter {
  const partitions = Array.from({ length: parts }, () => ({ pages: [] as Uint32Array[], keys: 0 }))
  const [seedOne, seedTwo] = [randomInt(2 ** 32), randomInt(2 ** 32)]
  const bitmap = new Uint8Array(2 ** (bitmapBits - 3))
  let one = seedOne
  let two = seedTwo

  function add(bytes: Buffer | null, from: number, to: number): void {
    let a = one
    let b = two
    if (bytes !== null)
      for (let at = from; at < to; at++) {
        const value = bytes[at] ?? 0
        a = Math.imul(a ^ value, 0x9e3779b1)
        b = Math.imul(b ^ value, 0x5f356495)
      }
    const value = bytes === null ? none : end
    one = Math.imul(a ^ value, 0x9e3779b1)
    two = Math.imul(b ^ value, 0x5f356495)
  }

  function finish(): void {
    one = Math.imul(one ^ (one >>> 16), 0x85ebca6b) ^ Math.imul(two ^ (two >>> 13), 0xc2b2ae35)
    two = Math.imul(two ^ (two >>> 16), 0x85ebca6b) ^ Math.imul(one ^ (one >>> 13), 0xc2b2ae35)
  }

  function begin(): void {
    one = seedOne
    two = seedTwo
  }

  function endKey(): void {
    finish()
    const part = partitions[one >>> 24]
    if (part === undefined) throw new Error('A byte has more than 256 values.')
    const at = part.keys % pageKeys
    if (at === 0) part.pages.push(new Uint32Array(2 * pageKeys))
    const page = part.pages[part.pages.length - 1]
    if (page === undefined) throw new Error('The current page is missing.')
    page[2 * at] = one
    page[2 * at + 1] = two
    part.keys += 1
    begin()
  }

  async function mayHaveDuplicates(): Promise<boolean> {
    let any = false
    for (const part of partitions) {
      for (const word of listEqual(part.pages, part.keys)) {
        const bit = word >>> (32 - bitmapBits)
        bitmap[bit >>> 3] = (bitmap[bit >>> 3] ?? 0) | (1 << (bit & 7))
        any = true
      }
      part.pages = []
      await pause()
    }
    return any
  }

  function mayBeDuplicate(key: Buffer): boolean {
    add(key, 0, key.length)
    finish()
    const bit = one >>> (32 - bitmapBits)
    begin()
    return ((bitmap[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0
  }
  return { add, endKey, mayHaveDuplicates, mayBeDuplicate }
}

/** The first words of those that occur more than once. */
function* listEqual(pages: readonly Uint32Array[], keys: number): Generator<number> {
  const words = new Uint32Array(2 * keys)
  for (const [index, page] of pages.entries()) {
    words.set(
      page.subarray(0, Math.min(page.length, words.length - index * page.length)),
      index * page.length,
    )
  }
  new BigUint64Array(words.buffer).sort()
  for (let at = 2; at < words.length; at += 2) {
    const word = words[at]
    if (word !== undefined && word === words[at - 2] && words[at + 1] === words[at - 1]) yield word
  }
}
