/** The ground that the house stands on, built once at start and handed to each room that needs it. */
import type { Config } from '../base/config.ts'
import type { Observe } from '../base/observe.ts'
import type { Clock } from '../base/time.ts'
import type { Database } from './database.ts'
import type { Files } from './files.ts'
import type { Jobs } from './jobs.ts'

export interface Ground {
  readonly config: Config
  readonly database: Database
  readonly files: Files
  readonly jobs: Jobs
  readonly clock: Clock
  readonly observe: Observe
}
