/** Opens the context for one command of the CLI, and always closes it. */
import { join, resolve } from 'node:path'
import { pino } from 'pino'
import { type OpenContext, openContext } from '../context.ts'
import { hasCluster } from '../db/embedded/location.ts'
import { fileExists } from '../platform/file-exists.ts'
import { UsageError } from './command.ts'
import { openTerminalLog } from './display/terminal-log.ts'
import { warnOfSetAside } from './load-contracts.ts'
import { loadSettings } from './load-settings.ts'
import { atInterrupt } from './on-interrupt.ts'

/**
 * Runs work with an open context and always closes it. Log lines below `error` are not shown. `isRestoring` opens
 * a data folder whose restore has not ended.
 */
export async function withContext<T>(
  work: (context: OpenContext) => Promise<T>,
  options: { readonly isRestoring?: boolean } = {},
): Promise<T> {
  const level = process.env['QINGDAN_LOG_LEVEL']
  const config = loadSettings(process.env)
  const log =
    process.stderr.isTTY && level === undefined
      ? openTerminalLog()
      : pino({ level: level ?? 'error', base: null }, pino.destination({ dest: 2, sync: true }))
  const context = await openContext(config, log, options)
  warnOfSetAside(context.contracts)
  // The last process to close the embedded database stops it; Ctrl+C must not leave it running.
  const unregister = atInterrupt(() => context.database.close())
  try {
    return await work(context)
  } finally {
    unregister()
    await context.close()
  }
}

/**
 * As `withContext`, for commands that make no sense without data. Throws UsageError where the data folder holds no
 * service: it is probably not the one that is meant.
 */
export async function withService<T>(work: (context: OpenContext) => Promise<T>): Promise<T> {
  const { DATABASE_URL: server, QINGDAN_DATA: data } = loadSettings(process.env)
  // Files without a database are refused with more words where the database is opened.
  if (server === undefined && !(await hasCluster(data)) && !(await fileExists(join(data, 'files'))))
    throw new UsageError(`There is no service in ${resolve(data)}. Set QINGDAN_DATA to its data folder.`)
  return withContext(work)
}
