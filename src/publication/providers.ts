/** Lists the providers whose parts an edition still lacks. */
import { type LoadedContract, partsOf, type Waiver } from '../contract/index.ts'
import type { StagedPart } from '../ingest/index.ts'

/** Providers whose part is neither staged nor waived. */
export function missingProviders(
  { contract }: LoadedContract,
  parts: readonly StagedPart[],
  waivers: readonly Waiver[],
): readonly string[] {
  const present = new Set([...parts, ...waivers].map(({ provider }) => provider))
  return partsOf(contract)
    .map(({ provider }) => provider)
    .filter((provider) => !present.has(provider))
}
