/** Shared by all commands: exit codes, options, the acting user. Loads nothing of the service. */
import { stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { extname } from 'node:path'
import type { Command } from 'commander'

/** Exit codes: a script can distinguish bad input from a failing machine. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, refused: 3, problem: 4 } as const

/** Adds a command, or a family of commands, to the program; `end` receives any exit code but 0. */
export type AddCommand = (program: Command, end: (code: number) => void) => void

/** Options that every command has. */
export interface Common {
  readonly json?: boolean
}

/** An invalid command line; the message says what is valid. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Table formats that are not supported; without this list they would be reported as broken ZIPs. */
const unsupportedExtensions = new Set(['.xls', '.xlsb', '.xlsm', '.ods', '.et'])

const supportedFormats = 'XLSX ("Excel Workbook") or as "CSV UTF-8"'

/** The option of commands that ingest loose files, with its help text. */
export const sheetOption = [
  '--sheet <name>',
  'the sheet of a workbook to read; by default the first visible one',
] as const

/** The option of commands that report findings, with its help text. */
export interface FindingsOption {
  readonly findings?: string
}
export const findingsOption = [
  '--findings <file>',
  'write all findings to a CSV file that Excel can open',
] as const

/** The option of commands that verify signatures. */
export interface KeysOption {
  readonly keys?: string
}
export const keysOption = [
  '--keys <path>',
  'a file or folder of public OpenPGP keys; one of them must have signed the bundle',
] as const

/** Checks that each path exists and may be a bundle or a table. Throws UsageError with the path. */
export async function requirePaths(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
        throw new UsageError(`There is no file or folder ${path}.`)
      if (error.code === 'EACCES')
        throw new UsageError(`The user ${userInfo().username} may not read ${path}.`)
      throw error
    })
    if (found.isFile() && unsupportedExtensions.has(extname(path).toLowerCase()))
      throw new UsageError(`The format of ${path} is not supported: save the table as ${supportedFormats}.`)
  }
}

/** Creates a command with the options that all share. */
export function command(program: Command, name: string, about: string): Command {
  return program.command(name).description(about).option('--json', 'print the result as JSON')
}

/** The examples of a command, for its help. */
export function examples(...lines: readonly string[]): string {
  return `\n${lines.length === 1 ? 'Example' : 'Examples'}:\n${lines.map((line) => `  ${line}`).join('\n')}`
}

/** The user of the command line, for receipts and the audit. */
export function actor(): string {
  return `cli:${userInfo().username}`
}

/**
 * An action whose code is loaded when it is called, so that help and usage errors load nothing of the
 * service. `end` receives the exit code if the action returns one.
 */
export function lazily<Args extends unknown[]>(
  load: () => Promise<(...args: Args) => Promise<void>>,
): (...args: [...Args, Command]) => Promise<void>
export function lazily<Args extends unknown[]>(
  load: () => Promise<(...args: Args) => Promise<number>>,
  end: (code: number) => void,
): (...args: [...Args, Command]) => Promise<void>
export function lazily<Args extends unknown[]>(
  load: () => Promise<(...args: Args) => Promise<unknown>>,
  end?: (code: number) => void,
): (...args: [...Args, Command]) => Promise<void> {
  return async (...args) => {
    const act = await load()
    // Commander passes arguments, options and then the command itself, which no action needs.
    const code = await act(...(args.slice(0, -1) as Args))
    if (typeof code === 'number') end?.(code)
  }
}
