/** The parts of the context that keys and their usage need. */
import type { Database } from '../db/database.ts'
import type { Config } from '../platform/config.ts'
import type { Observe } from '../platform/log/events.ts'
import type { Clock } from '../platform/time.ts'

export interface AccountsContext {
  readonly config: Config
  readonly clock: Clock
  readonly database: Database
  readonly observe: Observe
}
