/**
 * Errors of the database without quoted data: a server's message, detail and context may contain a row, and
 * drizzle adds the parameters. What remains is the SQLSTATE and names of the schema.
 */
import { DrizzleQueryError } from 'drizzle-orm'

/** What a SQLSTATE means, or else its class (PostgreSQL, appendix A); no message of a server is repeated. */
const meanings: Readonly<Record<string, string>> = {
  '08': 'the connection failed',
  '22': 'a value does not fit its type',
  '23': 'a constraint was violated',
  '25006': 'the database is read-only',
  '28': 'the login was rejected; check user and password in DATABASE_URL',
  '3D000': 'the database does not exist; create it, or correct DATABASE_URL',
  '40': 'it conflicts with another transaction; try again',
  '42': 'the statement does not fit the schema; run qingdan migrate',
  '42501': 'permission denied; see docs/database.md',
  '53': 'the server is short of resources',
  '53100': 'the disk of the database is full: free space on it',
  '53300': 'the server has no free connection',
  '55P03': 'a lock was not available in time',
  '57014': 'it was cancelled, usually by a time limit',
  '57P': 'the server is starting or stopping; try again',
  '58': 'the server could not read or write a file',
  XX: 'the server failed; see its log',
}

function meaningOf(code: string): string {
  const found = [code, code.slice(0, 3), code.slice(0, 2)].find((key) => Object.hasOwn(meanings, key))
  return (found === undefined ? undefined : meanings[found]) ?? 'see the log of the server'
}

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
    const facts = [`SQLSTATE ${code}`, about].filter(Boolean).join(', ')
    super(`The database rejected a statement: ${meaningOf(code)} (${facts}).`)
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

/** What pg says of a connection that failed, in an error without a code. */
const unavailableMessages =
  /^(?:Connection terminated|timeout expired$|Client (?:was closed|has encountered a connection error) and is not queryable$)/

/** Whether a statement was cancelled because it exceeded the time limit. */
export function isStatementTimeout(error: unknown): boolean {
  return codeOf(error) === '57014'
}

/** Whether the database is unavailable, so that the same request may succeed in a moment. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const code = codeOf(error)
  if (code === undefined) return error instanceof Error && unavailableMessages.test(error.message)
  return unavailableStates.test(code) || unavailableCodes.has(code)
}

function codeOf(error: unknown): string | undefined {
  const details = withoutValues(error)
  return details instanceof Error ? text((details as { readonly code?: unknown }).code) : undefined
}
