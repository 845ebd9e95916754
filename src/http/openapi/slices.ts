/**
 * Runs long work in slices, so that no other request waits for the whole of it. The work is a generator that yields
 * where it may be interrupted; works of one queue run one after the other, or their slices would add up in one turn.
 */
import { setImmediate } from 'node:timers/promises'

/** After so many milliseconds others get their turn. What lies between two yields comes on top. */
const sliceMilliseconds = 8

/** Runs the work to its end at once. */
export function toEnd<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/** Gives a function that runs works in slices, one work after the other. It rejects with what a work throws. */
export function sliceQueue(): <T>(work: () => Generator<void, T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const run = last.then(() => inSlices(work()))
    last = run.catch(() => undefined)
    return run
  }
}

async function inSlices<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    await setImmediate()
    const until = performance.now() + sliceMilliseconds
    do {
      const step = work.next()
      if (step.done === true) return step.value
    } while (performance.now() < until)
  }
}
