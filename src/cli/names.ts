/** Checks names of datasets and providers on the command line against the contracts. */

import type { OpenContext } from '../context.ts'
import { partsOf } from '../contract/index.ts'
import { UsageError } from './command.ts'

/**
 * A key for an unknown name gives access to nothing, and its holder would notice only when a bundle is
 * refused. Throws `dataset-not-found`, and UsageError with the known providers.
 */
export function checkNames(
  { contracts }: Pick<OpenContext, 'contracts'>,
  { provider, dataset = [] }: { readonly provider?: string; readonly dataset?: readonly string[] },
): void {
  for (const slug of dataset) contracts.get(slug)
  const providers = contracts.list().flatMap(({ contract }) => partsOf(contract).map((part) => part.provider))
  if (provider === undefined || providers.includes(provider)) return
  throw new UsageError(`--provider must be one of ${[...new Set(providers)].sort().join(', ')}.`)
}
