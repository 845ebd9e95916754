/**
 * Runs long work in slices, so that other requests need not wait for all of it. The work is a generator that
 * yields where it may be interrupted. Jobs of one queue run in sequence, or their slices would add up.
 */
import { setImmediate } from 'node:timers/promises'

/** Length of a slice; the time between two yields comes on top. */
const sliceMilliseconds = 8

/** Runs the work to its end at once. */
export function toEnd<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/** Returns a function that runs jobs in slices, one job after the other. It rejects with a job's error. */
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
