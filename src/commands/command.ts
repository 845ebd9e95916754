/** What the commands of the side door share: exit codes, who acts, and the house opened for one command. */
import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { pino } from 'pino'
import { loadConfig } from '../base/config.ts'
import { type OpenHouse, openHouse } from '../house.ts'

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

/** A command with the options that all share. */
export function command(program: Command, name: string, about: string): Command {
  return program.command(name).description(about).option('--json', 'print the result as JSON')
}

/** Who acts at the side door, for receipts and the audit. */
export function actor(): string {
  return `cli:${userInfo().username}`
}

/** Opens the house for one command and closes it whatever happens. Log lines stay quiet below `error`. */
export async function withHouse<T>(work: (house: OpenHouse) => Promise<T>): Promise<T> {
  const level = process.env['QINGDAN_LOG_LEVEL'] ?? 'error'
  const config = loadConfig(process.env)
  const log = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }))
  const house = await openHouse(config, log)
  try {
    return await work(house)
  } finally {
    await house.close()
  }
}
