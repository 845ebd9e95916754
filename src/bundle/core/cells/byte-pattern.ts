/**
 * Simple patterns, such as those of numbers and codes (`^\d{6}-\d{4,7}$`), tested on bytes without decoding:
 * anchored at both ends, a sequence of ASCII characters or classes, each with a count. Each step matches
 * greedily, so patterns that would need backtracking are not supported.
 */

/** Whether the bytes from `from` to `to` match the pattern. */
export type BytePattern = (bytes: Buffer, from: number, to: number) => boolean

interface Step {
  /** By byte: 1 for those that it matches. */
  readonly takes: Uint8Array
  readonly min: number
  readonly max: number
}

const step = /(\\[d.]|\[[\w.+:/-]+\]|[\w:/,;=@ -])(\{\d{1,4}(?:,\d{0,4})?\}|[?*+])?/y
const range = /(.)-(.)|(.)/gsu

/** Builds the test of a pattern, as of `new RegExp(pattern, 'u')`; undefined if it is not a simple one. */
export function buildBytePattern(pattern: string): BytePattern | undefined {
  const steps = /^\^.*\$$/s.test(pattern) ? parseSteps(pattern.slice(1, -1)) : undefined
  if (steps === undefined || !steps.every((_, index) => isSure(steps, index))) return undefined
  return (bytes, from, to) => {
    let at = from
    for (const { takes, min, max } of steps) {
      const begin = at
      while (at < to && at - begin < max && takes[bytes[at] ?? 0] === 1) at += 1
      if (at - begin < min) return false
    }
    return at === to
  }
}

function parseSteps(text: string): readonly Step[] | undefined {
  const steps: Step[] = []
  for (let at = 0; at < text.length; at = step.lastIndex) {
    step.lastIndex = at
    const [, what = '', often = '{1}'] = step.exec(text) ?? []
    if (what === '') return undefined
    const [min, max] = boundsOf(often)
    if (min > max) return undefined
    steps.push({ takes: tableOf(what), min, max })
  }
  return steps
}

function boundsOf(often: string): readonly [number, number] {
  if (often === '?') return [0, 1]
  if (often === '*') return [0, Number.POSITIVE_INFINITY]
  if (often === '+') return [1, Number.POSITIVE_INFINITY]
  const [min = '', max = min] = often.slice(1, -1).split(',')
  return [Number(min), max === '' ? Number.POSITIVE_INFINITY : Number(max)]
}

function tableOf(what: string): Uint8Array {
  const takes = new Uint8Array(256)
  const signs = what === '\\d' ? '0-9' : what.startsWith('[') ? what.slice(1, -1) : what.slice(-1)
  for (const [, first, last, alone] of signs.matchAll(range)) {
    const [low = '', high = low] = alone === undefined ? [first, last] : [alone]
    takes.fill(1, low.charCodeAt(0), high.charCodeAt(0) + 1)
  }
  return takes
}

/** Whether a step never takes bytes that later steps may need. */
function isSure(steps: readonly Step[], index: number): boolean {
  const own = steps[index]
  if (own === undefined || own.min === own.max) return true
  for (const { takes, min } of steps.slice(index + 1)) {
    if (takes.some((taken, byte) => taken === 1 && own.takes[byte] === 1)) return false
    if (min > 0) return true
  }
  return true
}
