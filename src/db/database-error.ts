/**
 * Errors of the database without quoted data: a server's message, detail and context may contain a row, and
 * drizzle adds the parameters. What remains is the SQLSTATE and names of the schema.
 */
import { DrizzleQueryError } from 'drizzle-orm'

/** SQLSTATE disk_full. */
const diskFull = '53100'

/** An error of the database that is safe to log. */
export class ServerError extends Error {
  override readonly name = 'ServerError'
  /** The SQLSTATE, or the system's code if the connection failed. */
  readonly code: string
  readonly constraint: string | undefined
  readonly table: string | undefined

  constructor(code: string, constraint: string | undefined, table: string | undefined) {
    const about = [table && `table ${table}`, constraint && `constraint ${constraint}`]
      .filter(Boolean)
      .join(', ')
    const advice = code === diskFull ? ' The disk of the database is full: free space on it.' : ''
    super(`The database refused a statement: SQLSTATE ${code}${about === '' ? '' : ` (${about})`}.${advice}`)
    this.code = code
    this.constraint = constraint
    this.table = table
  }
}

interface DriverError {
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
 * The error to log, store or rethrow: a ServerError for an error of the server (from either driver, or
 * wrapped by drizzle), any other error unchanged.
 */
export function withoutValues(error: unknown): unknown {
  for (let inner: unknown = error; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof ServerError) return inner
    const details = inner as DriverError
    const code = text(details.code)
    // Both drivers add a severity to errors of the server; errors of the system have none.
    if (code === undefined || text(details.severity) === undefined) continue
    return new ServerError(
      code,
      text(details.constraint) ?? text(details.constraint_name),
      text(details.table) ?? text(details.table_name),
    )
  }
  return error instanceof DrizzleQueryError
    ? new ServerError(text((error.cause as DriverError | undefined)?.code) ?? 'unknown', undefined, undefined)
    : error
}

/** SQLSTATE classes and codes of a server that is unreachable, starting, stopping or out of connections. */
const unavailableStates = /^(?:08...|57P0[123]|53300)$/
/** Codes of the system and of postgres.js for a connection that failed. */
const unavailableCodes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND'],
  ...['CONNECT_TIMEOUT', 'CONNECTION_CLOSED', 'CONNECTION_DESTROYED', 'CONNECTION_ENDED'],
])

/** Whether a statement was cancelled because it exceeded the time limit. */
export function isStatementTimeout(error: unknown): boolean {
  return codeOf(error) === '57014'
}

/** Whether the database is unavailable, so that the same request may succeed in a moment. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const code = codeOf(error)
  return code !== undefined && (unavailableStates.test(code) || unavailableCodes.has(code))
}

function codeOf(error: unknown): string | undefined {
  const details = withoutValues(error)
  return details instanceof Error ? text((details as { readonly code?: unknown }).code) : undefined
}
