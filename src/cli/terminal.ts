/** The output streams of the CLI: results on standard output, errors on standard error. */

import { localised } from './phrases.ts'

/** Writes a line of a result, in the language in use. */
export function writeLine(text: string): void {
  process.stdout.write(`${localised(text)}\n`)
}

/** Writes a line of data as it is. */
export function writeData(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Writes a line for people on standard error in the language in use, replacing the progress line. */
export function writeRefusal(text: string): void {
  clearProgress()
  process.stderr.write(`${localised(text)}\n`)
}

/** Called when the progress line ends; undefined before there is one. */
let stopProgress: (() => void) | undefined

/** Registers what stops the progress line. */
export function onClear(stop: () => void): void {
  stopProgress?.()
  stopProgress = stop
}

/** Clears the progress line: before a result, at the end of a command or, with `isRedrawn`, before its next text. */
export function clearProgress({ isRedrawn = false }: { readonly isRedrawn?: boolean } = {}): void {
  if (stopProgress === undefined) return
  if (!isRedrawn) stopProgress()
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
}
