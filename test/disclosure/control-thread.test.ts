/** The thread of the proof: an answer, a limit of time, of memory, and a cancellation. */
import t from 'tap'
import { ControlStopped, controlInThread } from '../../src/publication/control/control-thread.ts'
import { fitnessContract, rowsOf } from './support/editions.ts'

const contract = fitnessContract()
const usual = { fail: 14, pass: 40, good: 30, excellent: 16 }
const rows = rowsOf({ 'A primary/15 1': usual, 'A primary/15 2': usual })

t.test('an edition is controlled in the thread', async (t) => {
  t.equal((await controlInThread({ rows }, contract)).outcome, 'proven')
})

t.test('every other end publishes nothing', async (t) => {
  const abort = new AbortController()
  const reasonOf = (running: Promise<unknown>) =>
    running.then(
      () => 'answered',
      (error: unknown) => (error instanceof ControlStopped ? error.reason : error),
    )
  const cancelled = reasonOf(controlInThread({ rows }, contract, { signal: abort.signal }))
  abort.abort()
  t.same(
    [
      await cancelled,
      await reasonOf(controlInThread({ rows }, contract, { signal: abort.signal })),
      await reasonOf(controlInThread({ rows }, contract, { milliseconds: 1 })),
      await reasonOf(controlInThread({ rows }, contract, { megabytes: 1 })),
    ],
    ['cancelled', 'cancelled', 'time', 'memory'],
  )
})
