/** The application context for modules above the catalogue: services, contracts, event log and readiness. */

import type { Contracts } from '../contract/index.ts'
import type { Ground } from '../db/services.ts'
import type { Observer } from '../platform/log/events.ts'

/** Whether content is served: the entry point sets it after the start and clears it before it stops. */
export interface Readiness {
  ready: boolean
}

export interface AppContext extends Ground, Observer {
  readonly contracts: Contracts
  readonly readiness: Readonly<Readiness>
}
