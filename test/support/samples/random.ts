/**
 * Seeded random numbers, so that two runs with one seed give equal bytes on every machine: only integers and
 * sums, nothing whose last digit could differ. Not fit for secrets.
 */

export type Random = () => number

/** A stream of numbers in [0, 1), of its own for each name, so that no part of the samples depends on another. */
export function randomOf(seed: number, ...names: readonly (string | number)[]): Random {
  // FNV-1a over the name; then mulberry32, whose 32 bits of state suffice for samples.
  let state = 0x811c9dc5 ^ seed
  for (const character of names.join('/'))
    state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A whole number from `low` to `high`, both included. */
export function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1))
}

/**
 * About normal, mean 0 and deviation 1: the sum of twelve uniforms, which unlike Box and Muller's method
 * needs no logarithm.
 */
export function normal(random: Random): number {
  let sum = -6
  for (let n = 0; n < 12; n++) sum += random()
  return sum
}

/** One of several, each as likely as the next. Throws a plain Error for none. */
export function oneOf<Value>(random: Random, values: readonly Value[]): Value {
  const value = values[Math.floor(random() * values.length)]
  if (value === undefined) throw new Error('nothing to choose from')
  return value
}
