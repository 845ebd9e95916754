/**
 * Background tasks of the service: scanning the inbox, and removing expired uploads and expired bundles. The inbox is polled
 * because network shares and USB sticks send no change notifications.
 */
import type { AppContext } from '../catalogue/index.ts'
import { withoutValues } from '../db/database-error.ts'
import { asError } from '../platform/errors.ts'
import { applyRetention } from './erasure/retention.ts'
import { openInbox } from './receive/inbox.ts'
import type { IgnoredEntry } from './receive/scan-inbox.ts'
import { buildUploads } from './receive/uploads.ts'

/** What has expired is removed at the start and at this interval. */
const sweepMilliseconds = 3_600_000

/** Longest delay after failed rounds, so that a drive that is connected again is noticed within minutes. */
const waitMillisecondsMax = 300_000

/** Starts the tasks and returns a stop function; it waits for a running round, as long as jobs may take. */
export function startBackgroundTasks(context: AppContext): () => Promise<void> {
  const stopping = new AbortController()
  const tasks = [watchUploads(context, stopping.signal), watchRetention(context, stopping.signal)]
  if (context.config.QINGDAN_INBOX !== '') tasks.push(watchInbox(context, stopping.signal))
  return async () => {
    stopping.abort()
    // What is unfinished by then is resumed at the next start, as after a crash.
    const timer = new AbortController()
    const timeout = pause(context.config.QINGDAN_SHUTDOWN_SECONDS * 1_000, timer.signal)
    await Promise.race([Promise.all(tasks), timeout])
    timer.abort()
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

async function watchRetention(context: AppContext, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await applyRetention(context, signal).catch((error: unknown) => {
      context.observe('job-failed', { job: 'bundle-retention', error: asError(withoutValues(error)) })
    })
    await pause(sweepMilliseconds, signal)
  }
}

async function watchInbox(context: AppContext, signal: AbortSignal): Promise<void> {
  const { QINGDAN_INBOX: folder, QINGDAN_INBOX_POLL_SECONDS: seconds } = context.config
  const inbox = openInbox(context, { folder })
  const reported = new Set<string>()
  let failures = 0
  while (!signal.aborted) {
    try {
      const { ignored, failed } = await inbox.round()
      reportSkipped(context, ignored, reported)
      failures = failed.length === 0 ? 0 : failures + 1
      reported.delete('unavailable')
    } catch (error) {
      // A missing drive or share is reported once, and looked for in each round.
      if (!reported.has('unavailable'))
        context.observe('inbox-unavailable', { error: asError(withoutValues(error)) })
      reported.add('unavailable')
    }
    await pause(Math.min(seconds * 1_000 * 2 ** Math.min(failures, 10), waitMillisecondsMax), signal)
  }
}

/** Reports each ignored entry once, except files that are still being copied. */
function reportSkipped(context: AppContext, ignored: readonly IgnoredEntry[], reported: Set<string>): void {
  const keys = new Set(ignored.map(({ name, reason }) => `${reason} ${name}`))
  for (const key of reported) if (key !== 'unavailable' && !keys.has(key)) reported.delete(key)
  for (const { name, reason } of ignored) {
    const key = `${reason} ${name}`
    if (reason === 'moving' || reported.has(key)) continue
    reported.add(key)
    context.observe('inbox-item-skipped', { name, reason, hint: ignoredHints[reason] })
  }
}

/** What a user can do about an ignored entry of the inbox. */
export const ignoredHints: Readonly<Record<IgnoredEntry['reason'], string>> = {
  moving: 'It changed a moment ago; it is processed once it no longer changes.',
  incomplete: 'It is incomplete: copy it again. If it stays incomplete, it is refused with a receipt.',
  'loose-table': 'A loose table is not accepted: pack it into a bundle with qingdan bundle create.',
  link: 'A link is not accepted: put the bundle itself here.',
  'no-bundle': 'Only folders and ZIP files are accepted.',
  unreadable: 'The account of the service is not allowed to read it.',
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = () => {
      clearTimeout(handle)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const handle = setTimeout(end, milliseconds)
    signal.addEventListener('abort', end)
  })
}
