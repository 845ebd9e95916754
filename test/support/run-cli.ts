/** Runs the command `bin/qingdan` as a process, as an officer would, and gives what it printed and how it ended. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface CliRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** The lines of standard output. */
  readonly lines: readonly string[]
}

export const binary = fileURLToPath(new URL('../../bin/qingdan', import.meta.url))

/** Runs a command line. The environment is the test's own, without settings of whoever runs the tests. */
export function runCli(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<CliRun> {
  return run(process.execPath, [binary, ...args], environment)
}

/** As runCli, for any program. */
export async function run(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<CliRun> {
  const options = { env: { ...foreign(), ...environment }, maxBuffer: 64 << 20 }
  return new Promise((resolve, reject) => {
    execFile(program, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code
      if (typeof code !== 'number') reject(error)
      else resolve({ code, stdout, stderr, lines: stdout.trimEnd().split('\n') })
    })
  })
}

/** What a process needs of the surroundings: all but the settings of ours. */
export function foreign(): Record<string, string | undefined> {
  const ours = (name: string) =>
    name.startsWith('QINGDAN_') || name === 'DATABASE_URL' || name.startsWith('TAP')
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours(name)))
}
