/**
 * Reads the TAP that one process of tests prints, line by line: counts assertions, and keeps what a person
 * wants to see.
 */

export interface FileResult {
  readonly passed: number
  readonly failed: number
  /** Failures with their explanation, each under the names of the tests that it is in. */
  readonly failures: readonly string[]
  /** Skipped tests, with the reason. */
  readonly skipped: readonly string[]
  readonly milliseconds: number
}

export interface TapReader {
  readonly line: (text: string) => void
  /** Failures since the last `take`. */
  readonly failed: () => number
  /** What came since the last `take`. */
  readonly take: () => FileResult
}

const result = /^( *)(not )?ok \d+(?: - )?(.*)$/

/** A reader; `clock` gives milliseconds. */
export function readTap(clock: () => number): TapReader {
  let state = freshState(clock())
  /** The names of the tests that are open, by their depth. */
  let open: { readonly indent: number; readonly name: string; readonly failedBefore: number }[] = []
  let explanation: { readonly end: string; readonly lines: string[] | undefined } | undefined

  const line = (text: string): void => {
    if (explanation !== undefined) {
      explanation.lines?.push(text)
      if (text === explanation.end) {
        if (explanation.lines !== undefined) state.failures.push(explanation.lines.join('\n'))
        explanation = undefined
      }
      return
    }
    const begins = /^( *)# Subtest: (.*)$/.exec(text)
    if (begins !== null) {
      const indent = begins[1]?.length ?? 0
      open = [
        ...open.filter((test) => test.indent < indent),
        { indent, name: begins[2] ?? '', failedBefore: state.failed },
      ]
      return
    }
    const yaml = /^( *)---$/.exec(text)
    if (yaml !== null) {
      const lines = state.failing === undefined ? undefined : [state.failing, text]
      explanation = { end: `${yaml[1]}...`, lines }
      state.failing = undefined
      return
    }
    const found = result.exec(text)
    if (found === null) return
    flushFailing()
    const indent = found[1]?.length ?? 0
    const closes = open.find((test) => test.indent === indent)
    const path = open.filter((test) => test.indent < indent).map(({ name }) => name)
    open = open.filter((test) => test.indent < indent)
    const isFailure = found[2] !== undefined
    const directive = /# (SKIP|TODO)\b/i.test(found[3] ?? '')
    if (directive) state.skipped.push(text.trim())
    else if (closes === undefined && !isFailure) state.passed += 1
    // A test fails with what is in it, which is shown already; alone it fails by a timeout or a plan.
    if (directive || !isFailure || (closes !== undefined && state.failed > closes.failedBefore)) return
    state.failed += 1
    state.failing = [...path, text.trim()].join(' > ')
  }

  function flushFailing(): void {
    if (state.failing !== undefined) state.failures.push(state.failing)
    state.failing = undefined
  }

  return {
    line,
    failed: () => state.failed,
    take: () => {
      flushFailing()
      const { failing: _, began, ...counted } = state
      const now = clock()
      state = freshState(now)
      return { ...counted, milliseconds: now - began }
    },
  }
}

function freshState(began: number) {
  return {
    began,
    passed: 0,
    failed: 0,
    failures: [] as string[],
    skipped: [] as string[],
    /** A failure whose explanation may follow. */
    failing: undefined as string | undefined,
  }
}
