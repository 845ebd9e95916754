/**
 * How many times a property is tried: in the suite a share with a fixed seed, so that a new find never blocks
 * an unrelated change; with `PROPERTY_RUNS=full` the whole number with a new seed, which fast-check names on
 * failure.
 */

export const isFull = process.env['PROPERTY_RUNS'] === 'full'

const suiteSeed = 20_261_130

/** Parameters of `fc.assert`. */
export function runs(suite: number, full: number): { readonly numRuns: number; readonly seed?: number } {
  return isFull ? { numRuns: full } : { numRuns: suite, seed: suiteSeed }
}
