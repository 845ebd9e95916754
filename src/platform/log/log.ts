/**
 * The log of the service: pino on standard output, whose lines wait for each other for half a second at most. A system
 * call for each would cost a third of a small answer. At the end of the process, also at a crash, what waits is written.
 */
import { type Logger, pino } from 'pino'

/** So many characters are written together: some hundred lines. */
const heldLengthMax = 32_768
const heldMilliseconds = 500

/** Opens the log at a level. Its `flush` writes what waits. */
export function openLog(level: string): Logger {
  const output = pino.destination({ dest: 1, sync: true })
  // sonic-boom can hold lines itself, but measures all that it holds at each of them: 12 µs, beside 0.1 here.
  let held = ''
  const flush = () => {
    if (held === '') return
    output.write(held)
    held = ''
  }
  setInterval(flush, heldMilliseconds).unref()
  process.on('exit', flush)
  const write = (line: string) => {
    held += line
    if (held.length > heldLengthMax) flush()
  }
  // pino hands over what to do next; nothing waits for that, since all is written by then.
  const destination = { write, flush }
  return pino({ level, base: null }, destination)
}
