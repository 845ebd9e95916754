/** The ground that the house stands on, built once at start and handed to each room that needs it. */

import type { Files } from '../files/files.ts'
import type { Config } from '../platform/config.ts'
import type { Observe } from '../platform/log/events.ts'
import type { Clock } from '../platform/time.ts'
import type { Database } from './database.ts'
import type { Jobs } from './jobs/jobs.ts'

export interface Ground {
  readonly config: Config
  readonly database: Database
  readonly files: Files
  readonly jobs: Jobs
  readonly clock: Clock
  readonly observe: Observe
}
