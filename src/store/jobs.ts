/** Jobs that survive a crash, by pg-boss: sent inside our own transactions, delivered again when a worker dies. */
import type { Transaction } from './database.ts'

export interface JobsOptions {
  /** How often a worker looks for jobs, in seconds. */
  readonly pollSeconds?: number
  /** After how many seconds a job whose worker has died is delivered again. */
  readonly expireSeconds?: number
}

export type JobHandler = (data: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<void>

export interface Jobs {
  /** Sends a job as part of a transaction: it exists if and only if the transaction commits. */
  readonly send: (
    transaction: Transaction,
    name: string,
    data: Readonly<Record<string, unknown>>,
    options?: { readonly notBefore?: Date },
  ) => Promise<void>
  /** Begins to work on jobs of a name, one at a time; creates the queue where it is new. */
  readonly work: (name: string, handler: JobHandler) => Promise<void>
  /** Stops taking jobs and waits for those at work; what isn't done in time is delivered again later. */
  readonly stop: (options: { readonly seconds: number }) => Promise<void>
}
