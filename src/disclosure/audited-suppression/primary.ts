/**
 * Primary suppression: which counts are sensitive by themselves. Also what an outsider knows about a withheld count from
 * its status alone, because the rule is public: a small base lies below the minimum, another withheld base doesn't. The
 * status of a sensitive level says less: C is any that is withheld, because "small" would bound its total too.
 */
import type { Parameters } from './parameters.ts'
import type { CellTable } from './table.ts'

/** Why a count is withheld by itself; 0: it isn't. */
export const reasons = ['', 'small-base', 'small-level', 'zero', 'dominant'] as const
export type Reason = 0 | 1 | 2 | 3 | 4

/** Others that are fewer than this at more than `dominantTenths` tenths of the base are known by exclusion. */
const dominantOthers = 10
const dominantTenths = 9

/** Says of every cell whether its level is sensitive in its block. */
export function sensitiveCells(table: CellTable, { levels }: Parameters): Uint8Array {
  const named = levels.sensitive[table.block] ?? levels.sensitive['*'] ?? []
  const isSensitive = table.levels.map((level) => named.includes(level))
  return Uint8Array.from(table.level, (level) => (isSensitive[level] ? 1 : 0))
}

/** The reason why a count is withheld by itself. `base` is the count of all levels; `kind` what is counted. */
export function reasonOf(
  value: number,
  base: number,
  kind: 'base' | 'sensitive' | 'other',
  { base: { minimum }, levels: { small, smallShare = 0, zero } }: Parameters,
): Reason {
  if (base === 0) return zero === 'protect' ? 3 : 0
  if (base < minimum) return 1
  if (kind !== 'sensitive') return 0
  if (value === 0) return zero === 'protect' ? 3 : 0
  if (value < small && value >= smallShare * base) return 2
  const isDominant = value === base || (10 * value > dominantTenths * base && base - value < dominantOthers)
  return isDominant ? 4 : 0
}

/** The reason of every cell of a table, for its values or others in their place. */
export function primaryReasons(
  table: CellTable,
  parameters: Parameters,
  sensitive: Uint8Array,
  values: Int32Array = table.values,
): Uint8Array {
  return Uint8Array.from(values, (value, cell) => {
    const base = table.base[cell] ?? 0
    const kind = base === cell ? 'base' : sensitive[cell] === 1 ? 'sensitive' : 'other'
    return reasonOf(value, values[base] ?? 0, kind, parameters)
  })
}

/**
 * Lowest and highest value to which a move may bring a count, so that its status stays what it is. `base` is taken as
 * unchanged; whoever moves it checks the status again.
 */
export function movableRange(
  value: number,
  base: number,
  kind: 'base' | 'sensitive' | 'other',
  reason: Reason,
  { base: { minimum }, levels: { zero } }: Parameters,
): readonly [low: number, high: number] {
  const lowest = zero === 'protect' ? 0 : 1
  const top = 2 ** 31 - 1
  if (base === 0 && reason === 0) return [0, 0]
  if (reason === 1 || (reason === 3 && kind !== 'sensitive'))
    return [kind === 'base' ? lowest : 0, minimum - 1]
  if (kind === 'base') return [minimum, top]
  if (kind === 'other') return [0, top]
  // The status of a sensitive count does not say whether it is small: others that protect it have the same.
  return value === 0 && reason === 0 ? [0, 0] : [lowest, top]
}
