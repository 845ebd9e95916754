/** What the commands of the side door share: exit codes, who acts, and the house opened for one command. */
import { stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { extname } from 'node:path'
import type { Command } from 'commander'
import { pino } from 'pino'
import { type OpenContext, openContext } from '../context.ts'
import { loadSettings } from './load-settings.ts'
import { atInterrupt } from './on-interrupt.ts'

/** What an exit code says. A script can tell bad input from a bad machine. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, refused: 3, problem: 4 } as const

/** Adds a command, or a few of one family, to the program; `end` is told any exit code but 0. */
export type AddCommand = (program: Command, end: (code: number) => void) => void

/** Options that every command has. */
export interface Common {
  readonly json?: boolean
}

/** A command line that can't be meant: the message says what can. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Tables that officers have and nobody reads; without a word they would pass for broken ZIPs. */
const unreadTables = new Set(['.xls', '.xlsb', '.xlsm', '.ods', '.et'])

const savedAs = 'XLSX ("Excel Workbook") or as "CSV UTF-8"'

/** The option of commands that bring loose files, and what it does. */
export const sheetOption = [
  '--sheet <name>',
  'of workbooks: the sheet to read; by default the first visible one',
] as const

/** The option of commands that look into files, and what it does. */
export interface FindingsOption {
  readonly findings?: string
}
export const findingsOption = [
  '--findings <file>',
  'write all findings as a CSV that opens in Excel',
] as const

/** Looks that what was named is there and may be a bundle or a table. Throws UsageError with the path. */
export async function requirePaths(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
        throw new UsageError(`There is no file or folder ${path}.`)
      if (error.code === 'EACCES') throw new UsageError(`${path} may not be read by ${userInfo().username}.`)
      throw error
    })
    if (found.isFile() && unreadTables.has(extname(path).toLowerCase()))
      throw new UsageError(`${path} is not read: save the table as ${savedAs}.`)
  }
}

/** A command with the options that all share. */
export function command(program: Command, name: string, about: string): Command {
  return program.command(name).description(about).option('--json', 'print the result as JSON')
}

/** Who acts at the side door, for receipts and the audit. */
export function actor(): string {
  return `cli:${userInfo().username}`
}

/** Opens the house for one command and closes it whatever happens. Log lines stay quiet below `error`. */
export async function withContext<T>(work: (context: OpenContext) => Promise<T>): Promise<T> {
  const level = process.env['QINGDAN_LOG_LEVEL'] ?? 'error'
  const config = loadSettings(process.env)
  const log = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }))
  const context = await openContext(config, log)
  // The one who leaves last stops the embedded database; Ctrl+C must not leave it running for nobody.
  const forget = atInterrupt(() => context.database.close())
  try {
    return await work(context)
  } finally {
    forget()
    await context.close()
  }
}
