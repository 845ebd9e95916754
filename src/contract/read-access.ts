/**
 * Who may read a dataset: the one place that says so, asked by whatever gives data or tells that there are any. What is
 * open is for everyone. Of what is not, a platform's key reads what is shared, and the publisher's own key reads all.
 */
import type { Caller, DataRead } from '../platform/caller.ts'
import { type Contract, isOpen } from './contract.ts'

/** What of a contract decides who may read the dataset. */
export type Shared = Pick<Contract, 'dataset' | 'openClass' | 'shareClass'>

/**
 * What a key with the scope `read-shared` reads of what is not open, by code of the list `share-classes`: all that is shared
 * generally, on demand only what the key names, for somebody has demanded and granted that. Any other code shares nothing.
 */
const sharing: Readonly<Record<string, 'all' | 'named'>> = { general: 'all', 'on-demand': 'named' }

/** Whether a reader may know of a dataset and read it. A key that is confined to datasets reads no other. */
export function mayRead({ scopes, datasets }: Caller, contract: Shared): boolean {
  if (isOpen(contract)) return true
  const isNamed = datasets?.includes(contract.dataset) === true
  if (datasets !== undefined && !isNamed) return false
  if (scopes.includes('read-restricted')) return true
  const shared = scopes.includes('read-shared') ? sharing[contract.shareClass] : undefined
  return shared === 'all' || (shared === 'named' && isNamed)
}

/** What a reader may see beyond what is open, as one value: cursors and kept answers of readers with equal ones are alike. */
export function grantsOf({ scopes, datasets }: Caller): Readonly<Record<string, unknown>> {
  const those = datasets ?? 'all'
  return {
    restricted: scopes.includes('read-restricted') ? those : 'none',
    ...(scopes.includes('read-shared') ? { shared: those } : {}),
  }
}

/**
 * Tells a reader's account of data that are about to be given; to be called once for each, when nothing is left that may
 * refuse them. What is not open is written to the audit before any byte of it goes out.
 */
export function noteRead(
  reader: Caller,
  contract: Shared,
  { versions, operation }: Pick<DataRead, 'operation'> & { readonly versions: readonly VersionRead[] },
): void {
  reader.note?.({
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
