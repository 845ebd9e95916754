/** Opens the service's parts for one command of the CLI, and closes them whatever happens. */
import { pino } from 'pino'
import { type OpenContext, openContext } from '../context.ts'
import { loadSettings } from './load-settings.ts'
import { atInterrupt } from './on-interrupt.ts'

/** Opens the house for one command and closes it whatever happens. Log lines stay quiet below `error`. */
export async function withContext<T>(work: (context: OpenContext) => Promise<T>): Promise<T> {
  const level = process.env['QINGDAN_LOG_LEVEL'] ?? 'error'
  const config = loadSettings(process.env)
  const log = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }))
  const context = await openContext(config, log)
  // The one who leaves last stops the embedded database; Ctrl+C must not leave it running for nobody.
  const forget = atInterrupt(() => context.database.close())
  try {
    return await work(context)
  } finally {
    forget()
    await context.close()
  }
}
