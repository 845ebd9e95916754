/**
 * The database as the rooms see it: clients under their own roles, locks and COPY. Two roles besides the
 * owner who migrates: `work` writes, `serve` reads and has no grant on the schema `staging`.
 */
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import type { Sql, TransactionSql } from 'postgres'
import type { Patience } from './lock.ts'

export type Transaction = TransactionSql

/** Something that can run a statement: the pool, or a transaction on it. */
export type Runner = Sql | TransactionSql

export interface CopyToOptions {
  /** The serving role unless told otherwise. */
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
   * The owner's address, for the job queue alone, which has a client of its own. Holds a password: never to
   * be logged.
   */
  readonly ownerUrl: string
  /** Raw SQL under the role that serves: reads only, never the schema `staging`. */
  readonly serve: Sql
  /** drizzle under the role that serves, on a client of its own, for plain reads. */
  readonly read: PostgresJsDatabase
  /** Raw SQL under the role that works. Transactions: `work.begin(async (tx) => …)`. */
  readonly work: Sql
  /**
   * `COPY … FROM STDIN` on a connection of its own under the working role, destroyed on any error or abort.
   * Gives the number of rows the server took. An error of the server is rethrown by SQLSTATE and constraint
   * name alone: its message may quote a row.
   */
  readonly copyFrom: (
    statement: string,
    source: AsyncIterable<Uint8Array | string>,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<number>
  /**
   * `COPY … TO STDOUT` on a connection of its own under the working or serving role, in chunks of about 64
   * kB; ending the iteration early ends the backend.
   */
  readonly copyTo: (statement: string, options?: CopyToOptions) => AsyncIterable<Uint8Array>
  /**
   * Runs `work` under a session-level advisory lock of this name, on a connection of its own, waiting for it
   * first, without limit where no patience is given. The lock ends with the process, however it ends.
   */
  readonly lock: <T>(name: string, work: () => Promise<T>, patience?: Patience) => Promise<T>
  /**
   * Has a listener called at each change that any process tells by `notify`, and whenever one may have been missed. The
   * first call opens a session for it. Gives the function that tells whether every change is heard now.
   */
  readonly hear: (listener: () => void) => () => boolean
  readonly close: () => Promise<void>
}
