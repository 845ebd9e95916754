/**
 * Recognises errors of a full, read-only, failing or missing disk, of the file system or of the database's server,
 * anywhere in a chain of causes.
 */

export type StorageFault = 'full' | 'read-only' | 'failing' | 'missing'

/** A fault that was found without an error of the system. `storageAdvice` says what to do. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly fault: StorageFault

  constructor(fault: StorageFault, message: string) {
    super(message)
    this.fault = fault
  }
}

/** Codes of the system, and SQLSTATEs: disk_full, read_only_sql_transaction, io_error. */
const faults: ReadonlyMap<unknown, StorageFault> = new Map([
  ['ENOSPC', 'full'],
  ['EDQUOT', 'full'],
  ['53100', 'full'],
  ['EROFS', 'read-only'],
  ['EACCES', 'read-only'],
  ['25006', 'read-only'],
  ['EIO', 'failing'],
  ['ENXIO', 'failing'],
  ['58030', 'failing'],
])

/** The fault that an error is about; undefined for all other errors. */
export function storageFaultOf(error: unknown): StorageFault | undefined {
  for (let inner: unknown = error; inner instanceof Error; inner = inner.cause) {
    const { code } = inner as { readonly code?: unknown }
    const fault = inner instanceof StorageError ? inner.fault : faults.get(code)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** What the operator should do about a fault. Nothing incomplete is ever kept, so repeating is safe. */
export function storageAdvice(fault: StorageFault): string {
  return advice[fault]
}

const advice: Readonly<Record<StorageFault, string>> = {
  full: 'The disk is full: free space on it or enlarge it, then repeat the command.',
  'read-only':
    'The folder or its file system is read-only: make it writable for this account, then repeat the command.',
  failing:
    'The disk reports input/output errors: check it and its connection, then repeat the command and run qingdan verify.',
  missing: 'The folder of files is not the one that was opened: mount its volume, then repeat the command.',
}

/** How a message names a fault: "… because the disk is full". */
export const storageFaultWords: Readonly<Record<StorageFault, string>> = {
  full: 'the disk is full',
  'read-only': 'it is read-only',
  failing: 'its disk reports errors',
  missing: 'its volume is not mounted',
}
