/** What every module above the platform layer receives: configuration, database, files, jobs, clock, contracts and the event log. */
import type { Contracts } from '../contract/index.ts'
import type { Database } from '../db/database.ts'
import type { Jobs } from '../db/jobs/jobs.ts'
import type { Files } from '../files/files.ts'
import type { Config } from '../platform/config.ts'
import type { Observer } from '../platform/log/events.ts'
import type { Clock } from '../platform/time.ts'

/** Whether content is served: the service sets it when its start is complete, and clears it before it stops. */
export interface Readiness {
  ready: boolean
}

export interface AppContext extends Observer {
  readonly config: Config
  readonly database: Database
  readonly files: Files
  readonly jobs: Jobs
  readonly clock: Clock
  readonly contracts: Contracts
  readonly readiness: Readonly<Readiness>
}
