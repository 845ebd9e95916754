/**
 * What the service does by itself beside answering: it looks into the inbox, and clears away uploads that have expired.
 * It looks by itself at intervals rather than being told by the file system: shares and sticks tell nothing.
 */
import type { AppContext } from '../catalogue/index.ts'
import { withoutValues } from '../db/database-error.ts'
import { asError } from '../platform/errors.ts'
import { openInbox } from './receive/inbox.ts'
import type { IgnoredEntry } from './receive/scan-inbox.ts'
import { buildUploads } from './receive/uploads.ts'

/** Uploads are cleared away at the start, and then so often; each creation does as well. */
const sweepMilliseconds = 3_600_000

/** Longest wait after rounds that failed: a stick that is back is seen within minutes. */
const waitMillisecondsMax = 300_000

/** Begins with both, and gives what ends them: it waits for the round that is at work, as long as jobs may take. */
export function startBackgroundTasks(context: AppContext): () => Promise<void> {
  const stopping = new AbortController()
  const every = [watchUploads(context, stopping.signal)]
  if (context.config.QINGDAN_INBOX !== '') every.push(watchInbox(context, stopping.signal))
  return async () => {
    stopping.abort()
    // What is not done by then is walked on at the next start, as a crash would leave it.
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
      const { left, failed } = await inbox.round()
      tell(context, left, told)
      failures = failed.length === 0 ? 0 : failures + 1
      told.delete('away')
    } catch (error) {
      // A stick that is not there, or a share that has gone, is told once and looked for again.
      if (!told.has('away')) context.observe('inbox-unavailable', { error: asError(withoutValues(error)) })
      told.add('away')
    }
    await pause(Math.min(seconds * 1_000 * 2 ** Math.min(failures, 10), waitMillisecondsMax), signal)
  }
}

/** What stays lying for a reason is told once; what is on its way is not told. */
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

/** What somebody can do about what is left in the inbox. */
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
