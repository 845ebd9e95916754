/** The two streams of the CLI: results on standard output, refusals on standard error. Loads nothing of the service. */

/** Writes a line of a result. */
export function writeLine(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Writes a line for people on standard error, in place of a line of progress. */
export function writeRefusal(text: string): void {
  clearProgress()
  process.stderr.write(`${text}\n`)
}

/** The line of progress gives way to what came of it. */
export function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
}
