/** The house as the rooms above the ground receive it: the ground, the contracts, and the figures it says of itself. */
import type { Contracts } from '../contract/contracts.ts'
import type { Ground } from '../store/ground.ts'

export interface House extends Ground {
  readonly contracts: Contracts
  /** The metrics in the Prometheus text format. */
  readonly metrics: () => Promise<string>
}
