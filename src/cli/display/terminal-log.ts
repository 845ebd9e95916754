/** The log in a terminal: errors as one plain sentence each, without JSON and stack traces. */
import { type Logger, pino } from 'pino'
import { writeRefusal } from '../terminal.ts'

/** Opens a log that writes errors for people on standard error. QINGDAN_LOG_LEVEL asks for JSON instead. */
export function openTerminalLog(): Logger {
  return pino({ level: 'error', base: null }, { write: (line) => writeRefusal(sentenceOf(line)) })
}

/** The message of a JSON line, with that of its error. */
export function sentenceOf(line: string): string {
  const { msg, err } = JSON.parse(line) as {
    readonly msg?: string
    readonly err?: { readonly message?: string }
  }
  return [msg, err?.message].filter((text) => text !== undefined && text !== '').join(' ')
}
