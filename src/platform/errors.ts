/** Values that were thrown, as errors: anything can be thrown, and logs and events take an Error. */

/** The thrown value where it is an Error; else an Error without the value, which may hold anything and must not be logged. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('Something other than an error was thrown.')
}
