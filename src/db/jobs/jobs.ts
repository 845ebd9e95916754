/**
 * Jobs that survive a crash, by pg-boss: sent inside our own transactions, delivered again when a worker
 * dies.
 */
import type { Transaction } from '../database.ts'

export interface JobsOptions {
  /** How often a worker looks for jobs, in seconds; 1 unless told otherwise. */
  readonly pollSeconds?: number
  /**
   * After how many seconds a job whose worker has died may be delivered again; 60 unless told otherwise. A
   * living worker renews its hold on the job, however long that takes. Looking for dead ones and the wait
   * before a retry add a third.
   */
  readonly expireSeconds?: number
}

export type JobHandler = (data: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<void>

export interface Jobs {
  /**
   * Sends a job as part of a transaction: it exists if and only if the transaction commits. It is given out not
   * before an instant, or so many seconds from now, by the clock of the database.
   */
  readonly send: (
    transaction: Transaction,
    name: string,
    data: Readonly<Record<string, unknown>>,
    options?: { readonly notBefore?: Date; readonly afterSeconds?: number },
  ) => Promise<void>
  /**
   * Begins to work on jobs of a name, one at a time; creates the queue where it is new. The signal tells that
   * the job was given back at a stop, or to another worker.
   */
  readonly work: (name: string, handler: JobHandler) => Promise<void>
  /** Stops taking jobs and waits for those at work; what isn't done in time is delivered again later. */
  readonly stop: (options: { readonly seconds: number }) => Promise<void>
}
