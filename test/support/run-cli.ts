/**
 * Runs a command line as an officer would, and returns its output and exit code: as a process, or inside the
 * process of the test, which takes a tenth of the time.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
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

/**
 * Runs a command line. The environment is the test's own, without the settings of the user who runs the
 * tests.
 */
export function runCli(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<CliRun> {
  return run(process.execPath, [binary, ...args], environment)
}

/**
 * As runCli, but in this process. Each command also runs as a process somewhere: only that shows that it ends by
 * itself, and what it logs. Not for commands that are killed, read standard input, or run beside others.
 */
export async function callCli(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<CliRun> {
  redirectCalls()
  const call: Call = { env: { ...foreign(), ...environment }, stdout: '', stderr: '' }
  const code = await calls.run(call, async () => (await import('../../src/cli.ts')).run(args))
  return { code, stdout: call.stdout, stderr: call.stderr, lines: call.stdout.trimEnd().split('\n') }
}

/** What a command sees and writes instead of the process's own; the test prints its results meanwhile. */
interface Call {
  readonly env: NodeJS.ProcessEnv
  stdout: string
  stderr: string
}

const calls = new AsyncLocalStorage<Call>()
let isRedirected = false

function redirectCalls(): void {
  if (isRedirected) return
  isRedirected = true
  const { env } = process
  Object.defineProperty(process, 'env', { get: () => calls.getStore()?.env ?? env })
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = process[name]
    const write: (...args: Parameters<typeof stream.write>) => boolean = stream.write.bind(stream)
    // Each command adds a listener for a closed pipe.
    stream.setMaxListeners(0)
    stream.write = ((...args: Parameters<typeof stream.write>) => {
      const call = calls.getStore()
      if (call === undefined) return write(...args)
      call[name] += String(args[0])
      return true
    }) as typeof stream.write
  }
}

/** As runCli, for any program. */
export async function run(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<CliRun> {
  const options = { env: { ...foreign(), ...environment }, maxBuffer: 64 << 20 }
  return new Promise((resolve, reject) => {
    const [first, ...others] = plainly(command, args)
    execFile(first, others, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code
      if (typeof code !== 'number') reject(error)
      else resolve({ code, stdout, stderr, lines: stdout.trimEnd().split('\n') })
    })
  })
}

/**
 * A command line that runs a program without the NODE_OPTIONS that the test runner sets for every Node
 * process: its hooks load a file without an extension, such as our command, the wrong way. `env` becomes the
 * program, so signals reach it.
 */
export function plainly(program: string, args: readonly string[]): readonly [string, ...string[]] {
  return ['env', '-u', 'NODE_OPTIONS', program, ...args]
}

/** The surrounding environment without our own settings. */
export function foreign(): Record<string, string | undefined> {
  const ours = (name: string) =>
    name.startsWith('QINGDAN_') || name === 'DATABASE_URL' || name.startsWith('TAP')
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours(name)))
}
