/** Opens the context for one command of the CLI, and always closes it. */
import { pino } from 'pino'
import { type OpenContext, openContext } from '../context.ts'
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
  const level = process.env['QINGDAN_LOG_LEVEL'] ?? 'error'
  const config = loadSettings(process.env)
  const log = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }))
  const context = await openContext(config, log, options)
  // The last process to close the embedded database stops it; Ctrl+C must not leave it running.
  const unregister = atInterrupt(() => context.database.close())
  try {
    return await work(context)
  } finally {
    unregister()
    await context.close()
  }
}
