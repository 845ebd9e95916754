/** Why a backup or restore is refused. The message says what to do, and quotes nothing personal. */

export type BackupFaultReason =
  /** The folder can't hold backups. */
  | 'folder-unusable'
  /** The folder holds no set, or not the one that was named. */
  | 'no-set'
  /** The set is encrypted to another key. */
  | 'other-key'
  /** The key can't be used for backups. */
  | 'key-unusable'
  /** A signature, digest or size is wrong. */
  | 'damaged'
  /** A piece of the set is missing. */
  | 'incomplete'
  /** A newer version of the service wrote the set. */
  | 'newer'
  /** The place to restore to holds something. */
  | 'not-empty'
  /** The ledger of erasures can't be read or applied. */
  | 'erasures'
  /** Another process is at work. */
  | 'busy'

export class BackupFault extends Error {
  override readonly name = 'BackupFault'
  readonly reason: BackupFaultReason

  constructor(reason: BackupFaultReason, message: string) {
    super(message)
    this.reason = reason
  }
}
