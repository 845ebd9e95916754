/**
 * Who may read a dataset: the only place that decides it, used wherever data or their existence are shown.
 * Open data are for everyone; a platform's key also reads what is shared, the publisher's own key everything.
 */

import type { Caller, DataRead } from '../platform/caller.ts'
import { lookUp } from '../platform/lookup.ts'
import { type Contract, isOpen } from './contract.ts'

/** The properties of a contract that decide who may read the dataset. */
export type Shared = Pick<Contract, 'dataset' | 'openClass' | 'shareClass'>

/**
 * What a key with the scope `read-shared` reads beyond open data, by code of the list `share-classes`:
 * `general` is for every such key, `on-demand` for keys that name the dataset. Other codes share nothing.
 */
const sharing: Readonly<Record<string, 'all' | 'named'>> = { general: 'all', 'on-demand': 'named' }

/** Whether a reader may know of a dataset and read it. A key restricted to datasets reads no other. */
export function mayRead({ scopes, datasets }: Caller, contract: Shared): boolean {
  if (isOpen(contract)) return true
  const isNamed = datasets?.includes(contract.dataset) === true
  if (datasets !== undefined && !isNamed) return false
  if (scopes.includes('read-restricted')) return true
  const shared = scopes.includes('read-shared') ? lookUp(sharing, contract.shareClass) : undefined
  return shared === 'all' || (shared === 'named' && isNamed)
}

/** What a reader may see beyond open data. Readers with equal values share cursors and cached answers. */
export function grantsOf({ scopes, datasets }: Caller): Readonly<Record<string, unknown>> {
  const those = datasets ?? 'all'
  return {
    restricted: scopes.includes('read-restricted') ? those : 'none',
    ...(scopes.includes('read-shared') ? { shared: those } : {}),
  }
}

/**
 * Counts data in the usage of the caller just before they are sent; call it once per response, after every
 * check that may refuse it. Data that are not open are written to the audit log before any byte is sent.
 */
export function countRead(
  caller: Caller,
  contract: Shared,
  { versions, operation }: Pick<DataRead, 'operation'> & { readonly versions: readonly VersionRead[] },
): void {
  caller.recordRead?.({
    dataset: contract.dataset,
    versions: versions.map(({ edition, number }) => [edition, number] as const),
    operation,
    open: isOpen(contract),
  })
}

interface VersionRead {
  readonly edition: string
  readonly number: number
}
