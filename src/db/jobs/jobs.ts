/** Jobs that survive a crash, by pg-boss: sent inside transactions, delivered again if a worker dies. */
import type { Transaction } from '../database.ts'

export interface JobsOptions {
  /** How often a worker fetches jobs, in seconds; default 1. */
  readonly pollSeconds?: number
  /**
   * After how many seconds a job may be delivered again if its worker is frozen; default 60. A living worker
   * renews its lease for as long as the job takes. A dead worker's job is returned within seconds.
   */
  readonly expireSeconds?: number
}

export type JobHandler = (data: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<void>

export interface Jobs {
  /**
   * Sends a job as part of a transaction: it exists if and only if the transaction commits. `notBefore`
   * or `afterSeconds` delays its delivery, by the clock of the database.
   */
  readonly send: (
    transaction: Transaction,
    name: string,
    data: Readonly<Record<string, unknown>>,
    options?: { readonly notBefore?: Date; readonly afterSeconds?: number },
  ) => Promise<void>
  /** Whether a job of this name whose data contain these is waiting, to be retried, or running. */
  readonly isPending: (name: string, data: Readonly<Record<string, unknown>>) => Promise<boolean>
  /**
   * Starts running jobs of a name, one at a time; creates the queue if it is new. The signal is aborted when
   * the job is returned at a stop or given to another worker.
   */
  readonly work: (name: string, handler: JobHandler) => Promise<void>
  /** Stops fetching jobs and waits for running ones; those not finished in time are delivered again later. */
  readonly stop: (options: { readonly seconds: number }) => Promise<void>
}
