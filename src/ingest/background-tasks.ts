/**
 * Background tasks of the service: scanning the inbox and removing expired uploads. The inbox is polled
 * because network shares and USB sticks send no change notifications.
 */
import type { AppContext } from '../catalogue/index.ts'
import { withoutValues } from '../db/database-error.ts'
import { asError } from '../platform/errors.ts'
import { openInbox } from './receive/inbox.ts'
import type { IgnoredEntry } from './receive/scan-inbox.ts'
import { buildUploads } from './receive/uploads.ts'

/** Expired uploads are removed at the start, at this interval, and on each creation of an upload. */
const sweepMilliseconds = 3_600_000

/** Longest delay after failed rounds: a stick that is plugged in again is noticed within minutes. */
const waitMillisecondsMax = 300_000

/** Starts both tasks and returns a stop function; it waits for a running round, as long as jobs may take. */
export function startBackgroundTasks(context: AppContext): () => Promise<void> {
  const stopping = new AbortController()
  const every = [watchUploads(context, stopping.signal)]
  if (context.config.QINGDAN_INBOX !== '') every.push(watchInbox(context, stopping.signal))
  return async () => {
    stopping.abort()
    // What is unfinished by then is resumed at the next start, as after a crash.
    const patience = new AbortController()
    const late = pause(context.config.QINGDAN_SHUTDOWN_SECONDS * 1_000, patience.signal)
    await Promise.race([Promise.all(every), late])
    patience.abort()
  }
}

async function watchUploads(context: AppContext, signal: AbortSignal): Promise<void> {
  const uploads = buildUploads(context)
  while (!signal.aborted) {
    await uploads.sweep().catch((error: unknown) => {
      context.observe('job-failed', { job: 'sweep-uploads', error: asError(withoutValues(error)) })
    })
    await pause(sweepMilliseconds, signal)
  }
}

async function watchInbox(context: AppContext, signal: AbortSignal): Promise<void> {
  const { QINGDAN_INBOX: folder, QINGDAN_INBOX_POLL_SECONDS: seconds } = context.config
  const inbox = openInbox(context, { folder })
  const told = new Set<string>()
  let failures = 0
  while (!signal.aborted) {
    try {
      const { ignored, failed } = await inbox.round()
      tell(context, ignored, told)
      failures = failed.length === 0 ? 0 : failures + 1
      told.delete('away')
    } catch (error) {
      // A missing stick or share is reported once and looked for again.
      if (!told.has('away')) context.observe('inbox-unavailable', { error: asError(withoutValues(error)) })
      told.add('away')
    }
    await pause(Math.min(seconds * 1_000 * 2 ** Math.min(failures, 10), waitMillisecondsMax), signal)
  }
}

/** Reports once what is left in the inbox for a reason; files still being copied are not reported. */
function tell(context: AppContext, left: readonly IgnoredEntry[], told: Set<string>): void {
  const keys = new Set(left.map(({ name, reason }) => `${reason} ${name}`))
  for (const key of told) if (key !== 'away' && !keys.has(key)) told.delete(key)
  for (const { name, reason } of left) {
    const key = `${reason} ${name}`
    if (reason === 'moving' || told.has(key)) continue
    told.add(key)
    context.observe('inbox-item-skipped', { name, reason, hint: ignoredHints[reason] })
  }
}

/** What a user can do about an entry left in the inbox. */
export const ignoredHints: Readonly<Record<IgnoredEntry['reason'], string>> = {
  moving: 'It has changed a moment ago, and is taken once it is at rest.',
  incomplete: 'It is not whole: copy it again. Left as it is, it is refused with a receipt later on.',
  'loose-table': 'A loose table is not taken: put it into a bundle by qingdan bundle create.',
  link: 'A link is not taken: put the bundle itself here.',
  'no-bundle': 'Only folders and ZIPs are taken.',
  unreadable: 'It may not be read by the account of the service.',
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    signal.addEventListener('abort', end)
  })
}
