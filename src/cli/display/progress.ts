/** Progress of a long command on standard error: a line that is rewritten in a terminal, else one every two seconds. */
import type { Progress } from '../../ingest/index.ts'
import { phrase } from '../phrases.ts'
import { clearProgress, onClear } from '../terminal.ts'
import { cut } from './width.ts'

/** Shortest interval of progress lines outside a terminal: keeps the log of a long run readable. */
const intervalMilliseconds = 2_000

/** In a terminal reports are shown at most this often. */
const terminalMilliseconds = 100

/** In a terminal the line is also rewritten without a report, so that the times in it move. */
const tickMilliseconds = 1_000

/** A report of the step, with the moments when the step began and when the report came. */
interface Report {
  readonly step: string
  readonly done: number
  readonly total: number | undefined
  readonly rows: number | undefined
  readonly began: number
  readonly at: number
}

/** Receives the progress of one operation and shows it. */
export function progressLine(name: string): Progress {
  const { isTTY } = process.stderr
  let last: Report | undefined
  let lastShown = 0
  let timer: NodeJS.Timeout | undefined
  const show = (now: number) => {
    if (last === undefined) return
    const { step, began, at, ...amounts } = last
    const text = progressText({ ...amounts, seconds: (at - began) / 1000, silent: (now - at) / 1000 })
    const line = `${name}: ${phrase(step)}${text}`
    if (isTTY) {
      clearProgress({ isRedrawn: true })
      // A line that wraps can't be rewritten.
      process.stderr.write(cut(line, (process.stderr.columns ?? 80) - 1))
    } else process.stderr.write(`${line}\n`)
  }
  if (isTTY) {
    onClear(() => {
      clearInterval(timer)
      timer = undefined
    })
  }
  return (step, done, total, rows) => {
    const now = Date.now()
    const isNew = step !== last?.step
    const isFirst = last === undefined
    last = { step, done, total, rows, began: isNew ? now : (last?.began ?? now), at: now }
    if (isTTY) timer ??= setInterval(() => show(Date.now()), tickMilliseconds).unref()
    if (!isNew && now - lastShown < (isTTY ? terminalMilliseconds : intervalMilliseconds)) return
    if (!isNew || isTTY || isFirst) lastShown = now
    show(now)
  }
}

/** Progress of a step since its start. */
interface Advance {
  readonly done: number
  readonly total?: number | undefined
  /** If rows are given, `done` and `total` are bytes. */
  readonly rows?: number | undefined
  /** Until the last report. */
  readonly seconds: number
  /** Since the last report. */
  readonly silent?: number
}

/** Below this share nothing is estimated: the rate would be too uncertain. */
const estimateShareMin = 0.005

/**
 * The progress of a step, as ` 37 %, 1,850,000 of about 5,000,000 rows, 310,000 rows/s, 11 s left`: the total
 * rows and the time left are estimated from the share of the bytes. A step that can't be estimated shows the seconds
 * since its start.
 */
export function progressText({ done, total, rows = 0, seconds, silent = 0 }: Advance): string {
  const elapsed = seconds + silent
  const spent = elapsed >= 1 ? phrase`${duration(Math.floor(elapsed))} so far` : undefined
  if (total === undefined || total === 0) {
    const parts = [done > 0 ? String(done) : undefined, spent].filter((part) => part !== undefined)
    return parts.length === 0 ? '' : ` ${parts.join(', ')}`
  }
  const share = Math.min(1, done / total)
  const parts = [` ${Math.floor(share * 100)} %`]
  const canEstimate = share >= estimateShareMin && share < 1
  if (rows > 0) {
    parts.push(
      canEstimate
        ? phrase`${grouped(rows)} of about ${grouped(twoDigits(rows / share))} rows`
        : phrase`${grouped(rows)} rows`,
    )
    if (seconds >= 1) parts.push(phrase`${grouped(twoDigits(rows / seconds))} rows/s`)
  }
  const left = (seconds * (1 - share)) / share - silent
  // An estimate that has run out says nothing more; the time that has passed still moves.
  if (canEstimate && seconds >= 1 && left > 0) parts.push(phrase`${duration(left)} left`)
  else if (spent !== undefined && share < 1) parts.push(spent)
  return parts.join(', ')
}

const grouped = (count: number) => Math.round(count).toLocaleString('en')

/** An estimate is shown with two significant digits. */
const twoDigits = (value: number) => Number(value.toPrecision(2))

function duration(seconds: number): string {
  if (seconds < 90) return phrase`${Math.ceil(seconds)} s`
  return seconds < 5_400 ? phrase`${Math.ceil(seconds / 60)} min` : phrase`${(seconds / 3_600).toFixed(1)} h`
}
