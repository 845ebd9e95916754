/** The output streams of the CLI: results on standard output, errors on standard error. */

/** Writes a line of a result. */
export function writeLine(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Writes a line for people on standard error, replacing the progress line. */
export function writeRefusal(text: string): void {
  clearProgress()
  process.stderr.write(`${text}\n`)
}

/** Clears the progress line before a result is shown. */
export function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
}
