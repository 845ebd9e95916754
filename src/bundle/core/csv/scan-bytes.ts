/** Searches in bytes, four at a time, since most files have few of what is sought. */

/** Bytes that are compared one by one before four at a time. */
const shortBytes = 32

const highBits = 0x80808080

/** The first byte from `at` on that is no ASCII, or `end`. */
export function nextBeyondAscii(bytes: Uint8Array, at: number, end = bytes.length): number {
  const short = Math.min(end, at + shortBytes)
  let next = at
  while (next < short && (bytes[next] as number) < 0x80) next += 1
  if (next < short || short === end) return next
  // A view of words begins at a multiple of four.
  next -= (bytes.byteOffset + next) & 3
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + next, (end - next) >> 2)
  const last = words.length - 3
  let word = 0
  for (; word < last; word += 4) {
    const former = (words[word] as number) | (words[word + 1] as number)
    const latter = (words[word + 2] as number) | (words[word + 3] as number)
    if (((former | latter) & highBits) !== 0) break
  }
  next += 4 * word
  while (next < end && (bytes[next] as number) < 0x80) next += 1
  return next
}

/**
 * Calls `visit` for each character of two bytes in UTF-8 from `at` on, whose first bits are 110, with its place; it
 * returns where to go on.
 */
export function visitTwoByteLeads(bytes: Uint8Array, at: number, visit: (at: number) => number): void {
  const { byteOffset, length } = bytes
  // A view of words begins at a multiple of four.
  const shift = -byteOffset & 3
  const isShort = length < shortBytes
  const words = isShort ? noWords : new Uint32Array(bytes.buffer, byteOffset + shift, (length - shift) >> 2)
  const wordsEnd = shift + 4 * (words.length - 3)
  for (let next = at; next < length; ) {
    if (((next - shift) & 3) === 0 && next >= shift && next < wordsEnd) {
      let word = (next - shift) >> 2
      for (; word < words.length - 3; word += 4) {
        const former = leadsIn(words[word] as number) | leadsIn(words[word + 1] as number)
        const latter = leadsIn(words[word + 2] as number) | leadsIn(words[word + 3] as number)
        if (((former | latter) & highBits) !== 0) break
      }
      next = shift + 4 * word
      // One of these sixteen begins a character, or the last ones are left.
      while (next < length && !isLead(bytes[next] as number)) next += 1
    }
    if (next >= length) return
    next = isLead(bytes[next] as number) ? visit(next) : next + 1
  }
}

const noWords = new Uint32Array()
const isLead = (byte: number) => (byte & 0xe0) === 0xc0

/** The high bit of each byte that begins with 110, among other bits. */
const leadsIn = (word: number) => word & (word << 1) & ~(word << 2)
