/** Names of datasets and providers in a command line, held against the contracts. */

import type { OpenContext } from '../context.ts'
import { partsOf } from '../contract/index.ts'
import { UsageError } from './command.ts'

/**
 * A key for a name that nobody has opens nothing, which its holder would learn only when a bundle is refused.
 * Throws `dataset-not-found`, and UsageError with the providers there are.
 */
export function checkNames(
  { contracts }: Pick<OpenContext, 'contracts'>,
  { provider, dataset = [] }: { readonly provider?: string; readonly dataset?: readonly string[] },
): void {
  for (const slug of dataset) contracts.get(slug)
  const providers = contracts.list().flatMap(({ contract }) => partsOf(contract).map((part) => part.provider))
  if (provider === undefined || providers.includes(provider)) return
  throw new UsageError(`--provider takes any of ${[...new Set(providers)].sort().join(', ')}.`)
}
