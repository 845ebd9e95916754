/** The only function that quotes SQL identifiers. Names come from contracts or code, never from a request. */

/** Quotes an identifier. Throws an Error for a name with NUL or over 63 bytes, which Postgres truncates. */
export function quoteIdentifier(name: string): string {
  if (name === '' || Buffer.byteLength(name) > 63 || name.includes('\0')) {
    throw new Error('not usable as an SQL identifier')
  }
  return `"${name.replaceAll('"', '""')}"`
}
