/**
 * Looks for damaged files while the service runs: at the start and once a day it compares all sizes, then
 * reads every served file again, slowly, because a disk may return other bytes without any change of the file. A
 * damaged file is reported and not sent any more; nothing is repaired here.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { type AppContext, readRecorded, reportFile, storedName } from '../../catalogue/index.ts'
import type { StoredDistribution } from '../../contract/index.ts'
import { withoutValues } from '../../db/database-error.ts'
import type { FileFault } from '../../files/files.ts'
import { asError } from '../../platform/errors.ts'

/** Time between the starts of two rounds. A round that takes longer is followed by the next one at once. */
const roundMilliseconds = 86_400_000

type ScrubContext = Pick<AppContext, 'config' | 'database' | 'files' | 'observe'>

/** Starts the task. The result stops it, in the middle of a file too. */
export function startScrub(context: ScrubContext): () => Promise<void> {
  const stopping = new AbortController()
  const { signal } = stopping
  const pause = (milliseconds: number) => wait(milliseconds, undefined, { signal, ref: false })
  const running = (async () => {
    const rate = context.config.QINGDAN_SCRUB_BYTES_PER_SECOND
    for (;;) {
      const began = Date.now()
      await attempt(context, () => compareSizes(context))
      if (rate > 0) await attempt(context, () => scrub(context, (bytes) => pause((bytes / rate) * 1_000)))
      await pause(Math.max(0, began + roundMilliseconds - Date.now()))
    }
  })().catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  return async () => {
    stopping.abort()
    await running
  }
}

/** A database or disk that fails is reported; the next round tries again. */
async function attempt(context: ScrubContext, round: () => Promise<unknown>): Promise<void> {
  try {
    await round()
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error
    context.observe('job-failed', { job: 'scrub', error: asError(withoutValues(error)) })
  }
}

/** Compares the sizes of all served files. */
export async function compareSizes(context: ScrubContext): Promise<void> {
  await eachFile(context, 'size', async (stored, { bytes }) => {
    const found = await context.files.find(stored)
    if (found === undefined) return 'missing'
    return found.bytes === bytes ? undefined : 'size'
  })
}

/** Reads all served files; `pace` receives the bytes of each chunk and waits. */
export async function scrub(context: ScrubContext, pace: (bytes: number) => Promise<void>): Promise<void> {
  await eachFile(context, 'digest', (stored, file) =>
    context.files.check(stored, file, { again: true, pace }),
  )
}

async function eachFile(
  context: ScrubContext,
  depth: 'size' | 'digest',
  check: (stored: string, file: StoredDistribution) => Promise<FileFault | undefined>,
): Promise<void> {
  const began = performance.now()
  const counts = { files: 0, bytes: 0, damaged: 0 }
  for (const version of await readRecorded(context.database.serve)) {
    if (!version.isServed) continue
    for (const file of version.distributions) {
      const stored = storedName(version, file.format)
      const fault = await check(stored, file)
      counts.files += 1
      counts.bytes += file.bytes
      if (fault === undefined && depth === 'size') continue
      // It may have been withdrawn while it was read.
      const [now] = fault === undefined ? [] : await readRecorded(context.database.serve, version.id)
      if (fault !== undefined && now?.isServed !== true) continue
      if (fault !== undefined) counts.damaged += 1
      reportFile(context, stored, fault)
    }
  }
  context.observe('files-checked', { depth, ...counts, seconds: (performance.now() - began) / 1_000 })
}
