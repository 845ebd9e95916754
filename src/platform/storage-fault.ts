/**
 * Recognises errors of a full or read-only disk, of the file system or of the database's server, anywhere in a
 * chain of causes.
 */

export type StorageFault = 'full' | 'read-only'

/** Codes of the system, and SQLSTATEs: disk_full, read_only_sql_transaction. */
const faults: ReadonlyMap<unknown, StorageFault> = new Map([
  ['ENOSPC', 'full'],
  ['EDQUOT', 'full'],
  ['53100', 'full'],
  ['EROFS', 'read-only'],
  ['EACCES', 'read-only'],
  ['25006', 'read-only'],
])

/** The fault that an error is about; undefined for all other errors. */
export function storageFaultOf(error: unknown): StorageFault | undefined {
  for (let inner: unknown = error; inner instanceof Error; inner = inner.cause) {
    const fault = faults.get((inner as { readonly code?: unknown }).code)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** What the operator should do about a fault. Nothing incomplete is ever kept, so repeating is safe. */
export function storageAdvice(fault: StorageFault): string {
  return fault === 'full'
    ? 'The disk is full: free space on it or enlarge it, then repeat the command.'
    : 'The folder or its file system is read-only: make it writable for this account, then repeat the command.'
}
