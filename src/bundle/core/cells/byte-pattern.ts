/**
 * Simple patterns, such as those of numbers and codes (`^\d{6}-\d{4,7}$`), tested on bytes without decoding:
 * anchored at both ends, a sequence of ASCII characters or classes, each with a count. Each step matches
 * greedily, so patterns that would need backtracking are not supported.
 */

/** Whether the bytes from `from` to `to` match the pattern. */
type BytePattern = (bytes: Buffer, from: number, to: number) => boolean

interface Step {
  /** By byte: 1 for those that it matches. */
  readonly matches: Uint8Array
  readonly min: number
  readonly max: number
}

const step = /(\\[d.]|\[[\w.+:/-]+\]|[\w:/,;=@ -])(\{\d{1,4}(?:,\d{0,4})?\}|[?*+])?/y
const range = /(.)-(.)|(.)/gsu

/** Builds the test of a pattern, as of `new RegExp(pattern, 'u')`; undefined if it is not a simple one. */
export function buildBytePattern(pattern: string): BytePattern | undefined {
  const steps = /^\^.*\$$/s.test(pattern) ? parseSteps(pattern.slice(1, -1)) : undefined
  if (steps === undefined || !steps.every((_, index) => isUnambiguous(steps, index))) return undefined
  return (bytes, from, to) => {
    let at = from
    for (const { matches, min, max } of steps) {
      const begin = at
      while (at < to && at - begin < max && matches[bytes[at] ?? 0] === 1) at += 1
      if (at - begin < min) return false
    }
    return at === to
  }
}

function parseSteps(text: string): readonly Step[] | undefined {
  const steps: Step[] = []
  for (let at = 0; at < text.length; at = step.lastIndex) {
    step.lastIndex = at
    const [, unit = '', times = '{1}'] = step.exec(text) ?? []
    if (unit === '') return undefined
    const [min, max] = boundsOf(times)
    if (min > max) return undefined
    steps.push({ matches: tableOf(unit), min, max })
  }
  return steps
}

function boundsOf(times: string): readonly [number, number] {
  if (times === '?') return [0, 1]
  if (times === '*') return [0, Number.POSITIVE_INFINITY]
  if (times === '+') return [1, Number.POSITIVE_INFINITY]
  const [min = '', max = min] = times.slice(1, -1).split(',')
  return [Number(min), max === '' ? Number.POSITIVE_INFINITY : Number(max)]
}

function tableOf(unit: string): Uint8Array {
  const matches = new Uint8Array(256)
  const characters = unit === '\\d' ? '0-9' : unit.startsWith('[') ? unit.slice(1, -1) : unit.slice(-1)
  for (const [, first, last, alone] of characters.matchAll(range)) {
    const [low = '', high = low] = alone === undefined ? [first, last] : [alone]
    matches.fill(1, low.charCodeAt(0), high.charCodeAt(0) + 1)
  }
  return matches
}

/** Whether a step never matches bytes that later steps may need. */
function isUnambiguous(steps: readonly Step[], index: number): boolean {
  const own = steps[index]
  if (own === undefined || own.min === own.max) return true
  for (const { matches, min } of steps.slice(index + 1)) {
    if (matches.some((matched, byte) => matched === 1 && own.matches[byte] === 1)) return false
    if (min > 0) return true
  }
  return true
}
