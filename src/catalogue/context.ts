/** The application context for modules above the catalogue: services, contracts, event log and readiness. */

import type { Contracts } from '../contract/index.ts'
import type { Database } from '../db/database.ts'
import type { Jobs } from '../db/jobs/jobs.ts'
import type { Files } from '../files/files.ts'
import type { Config } from '../platform/config.ts'
import type { EventLog } from '../platform/log/events.ts'
import type { Clock } from '../platform/time.ts'

/** Whether content is served: the entry point sets it after the start and clears it before it stops. */
export interface Readiness {
  ready: boolean
}

export interface AppContext extends EventLog {
  readonly config: Config
  readonly database: Database
  readonly files: Files
  readonly jobs: Jobs
  readonly clock: Clock
  readonly contracts: Contracts
  readonly readiness: Readonly<Readiness>
}
