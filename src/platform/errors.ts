/** Thrown values as errors: anything can be thrown, but logs and events take an Error. */

/** The thrown value if it is an Error; else an Error without the value, which must not be logged. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('Something other than an error was thrown.')
}
