/** The one function that turns a name into an SQL identifier. Names come from a contract or from us, never a request. */

/** Quotes an identifier. Throws a plain Error for a name that Postgres would cut (over 63 bytes) or that holds NUL. */
export function quoteIdentifier(name: string): string {
  if (name === '' || Buffer.byteLength(name) > 63 || name.includes('\0')) {
    throw new Error('not usable as an SQL identifier')
  }
  return `"${name.replaceAll('"', '""')}"`
}
