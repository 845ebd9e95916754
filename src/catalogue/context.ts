/** The house as the rooms above the ground receive it: the ground, the contracts, and the figures it says of itself. */

import type { Contracts } from '../contract/index.ts'
import type { Ground } from '../db/services.ts'
import type { EventLog } from '../platform/log/events.ts'

/** Whether content is served: main sets it when the start is over, and clears it before it stops. */
export interface Readiness {
  ready: boolean
}

export interface AppContext extends Ground, EventLog {
  readonly contracts: Contracts
  readonly readiness: Readonly<Readiness>
}
