/**
 * Errors of the database without what they quote: a server's message, detail and context may hold a row, and
 * drizzle puts the parameters into its own. What is left is the SQLSTATE and names of ours.
 */
import { DrizzleQueryError } from 'drizzle-orm'

/** An error of the database that is safe to log. */
export class ServerError extends Error {
  override readonly name = 'ServerError'
  /** The SQLSTATE, or the system's code where the connection broke. */
  readonly code: string
  readonly constraint: string | undefined
  readonly table: string | undefined

  constructor(code: string, constraint: string | undefined, table: string | undefined) {
    const about = [table && `table ${table}`, constraint && `constraint ${constraint}`]
      .filter(Boolean)
      .join(', ')
    super(`The database refused a statement: SQLSTATE ${code}${about === '' ? '' : ` (${about})`}.`)
    this.code = code
    this.constraint = constraint
    this.table = table
  }
}

interface Told {
  readonly severity?: unknown
  readonly code?: unknown
  readonly constraint?: unknown
  readonly constraint_name?: unknown
  readonly table?: unknown
  readonly table_name?: unknown
  readonly cause?: unknown
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/**
 * The error to log, store or rethrow: a ServerError in place of what the server said (by either driver, or
 * wrapped by drizzle), any other error as it is.
 */
export function withoutValues(error: unknown): unknown {
  for (let inner: unknown = error; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof ServerError) return inner
    const told = inner as Told
    const code = text(told.code)
    // Both drivers give an error of the server its severity; an error of the system has none.
    if (code === undefined || text(told.severity) === undefined) continue
    return new ServerError(
      code,
      text(told.constraint) ?? text(told.constraint_name),
      text(told.table) ?? text(told.table_name),
    )
  }
  return error instanceof DrizzleQueryError
    ? new ServerError(text((error.cause as Told | undefined)?.code) ?? 'unknown', undefined, undefined)
    : error
}

/** Classes and codes of SQLSTATE that say that the server is away, starts, stops or has no place for us. */
const awayStates = /^(?:08...|57P0[123]|53300)$/
/** What the system and postgres.js say of a connection that can't be made or broke. */
const awayCodes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND'],
  ...['CONNECT_TIMEOUT', 'CONNECTION_CLOSED', 'CONNECTION_DESTROYED', 'CONNECTION_ENDED'],
])

/** Whether an error says that a statement was ended because it took longer than any may take. */
export function isTooSlow(error: unknown): boolean {
  return codeOf(error) === '57014'
}

/** Whether an error says that the database is away: then the same request may go well in a moment. */
export function isDatabaseAway(error: unknown): boolean {
  const code = codeOf(error)
  return code !== undefined && (awayStates.test(code) || awayCodes.has(code))
}

function codeOf(error: unknown): string | undefined {
  const told = withoutValues(error)
  return told instanceof Error ? text((told as { readonly code?: unknown }).code) : undefined
}
