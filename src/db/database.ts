/**
 * The database as modules use it: clients under their own logins, locks and COPY. Two roles besides the owner,
 * who migrates: `work` writes, `serve` reads and has no grant on the schema `staging`.
 */
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import type { Sql, TransactionSql } from 'postgres'
import type { Patience } from './lock.ts'

export type Transaction = TransactionSql

/** Something that can run a statement: the pool, or a transaction on it. */
export type Runner = Sql | TransactionSql

export interface CopyToOptions {
  /** Default: the serving role. */
  readonly role?: 'work' | 'serve'
  readonly signal?: AbortSignal
  /**
   * Values that the statement reads back as `current_setting('qingdan.<name>')`, since COPY takes no
   * parameters. Names are lower-case letters, digits and `_`.
   */
  readonly values?: Readonly<Record<string, string>>
}

export interface Database {
  /** Version of the server, such as `18.4`. */
  readonly serverVersion: string
  /**
   * The owner's address, only for the job queue, which has its own client. It may change: read it for each
   * connection. It contains a password: never log it.
   */
  readonly ownerUrl: string
  /** The working role's address, for connections with a transaction of their own. Never log it either. */
  readonly workUrl: string
  /** Raw SQL under the serving role: reads only, never the schema `staging`. */
  readonly serve: Sql
  /** drizzle under the serving role, on its own client, for plain reads. */
  readonly read: PostgresJsDatabase
  /** Raw SQL under the working role. Transactions: `work.begin(async (tx) => …)`. */
  readonly work: Sql
  /**
   * `COPY … FROM STDIN` on its own connection under the working role, destroyed on any error or abort.
   * Returns the number of rows. A server error is rethrown with SQLSTATE and constraint name only, because
   * its message may quote a row.
   */
  readonly copyFrom: (
    statement: string,
    source: AsyncIterable<Uint8Array | string>,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<number>
  /**
   * `COPY … TO STDOUT` on its own connection under the working or serving role, in chunks of about 64 kB;
   * ending the iteration early ends the backend.
   */
  readonly copyTo: (statement: string, options?: CopyToOptions) => AsyncIterable<Uint8Array>
  /**
   * Runs `work` under a session-level advisory lock of this name, on its own connection. Waits for the lock
   * without limit unless `patience` is given. The lock ends with the process, however that ends.
   */
  readonly lock: <T>(name: string, work: () => Promise<T>, patience?: Patience) => Promise<T>
  /**
   * Calls a listener at each change that any process notifies of, and whenever one may have been missed. The
   * first call opens a session. Returns a function that says whether every change is being received now.
   */
  readonly subscribe: (listener: () => void) => () => boolean
  /**
   * Whether the database answers within this time, asked on a connection of its own. Never rejects; callers at
   * the same time share one question.
   */
  readonly responds: (millisecondsMax: number) => Promise<boolean>
  /** Migrates a database that was opened without; `upTo` stops after that migration. */
  readonly migrate: (options: { readonly upTo: number }) => Promise<number>
  readonly close: () => Promise<void>
}
