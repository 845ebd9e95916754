/** The progress line of a pull on standard error: versions, bytes, the time left, and pauses. */
import type { PullProgress } from '../../pull/index.ts'
import { progressText } from '../display/progress.ts'

const everyMilliseconds = { terminal: 100, log: 2_000 } as const

const mega = 1_000_000

/** Shows the progress of a pull at intervals; in a terminal the line updates itself. */
export function pullLine(now = Date.now): (progress: PullProgress) => void {
  let lastShown = 0
  let began: number | undefined
  let bytesBefore = 0
  return (progress) => {
    const at = now()
    if (progress.isCurrent) {
      // The command prints the result at the end; with --follow the next change begins a new line.
      began = undefined
      bytesBefore = progress.bytes
      return
    }
    began ??= at
    if (at - lastShown < everyMilliseconds[process.stderr.isTTY ? 'terminal' : 'log']) return
    lastShown = at
    const line = progressLineOf(progress, bytesBefore, (at - began) / 1000)
    process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`)
  }
}

/** The text of the line. The time left is estimated from the total bytes, which are known at the start. */
export function progressLineOf(progress: PullProgress, bytesBefore: number, seconds: number): string {
  const { changes, versions, versionsTotal, bytes, bytesTotal } = progress
  const [done, total] = [bytes - bytesBefore, bytesTotal - bytesBefore]
  const share = progressText({ done, total, seconds })
  const size = (value: number) => (value / mega).toFixed(1)
  return `pull:${share}, ${size(done)} of ${size(total)} MB, ${versions} of ${versionsTotal} versions, ${changes} changes`
}

/** Reports why a request failed and when it is repeated. */
export function pauseLine(why: string, milliseconds: number): void {
  const line = `pull: ${why}; retrying in ${(milliseconds / 1000).toFixed(1)} s`
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`)
}
