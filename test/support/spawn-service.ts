/** Starts the service as a process of its own, waits for its log lines, and stops it as an operator would. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { foreign, plainly } from './run-cli.ts'

type Line = Readonly<Record<string, unknown>>

export interface Service {
  /** Its address, such as `http://127.0.0.1:41234`. */
  readonly base: string
  /** Log lines so far. */
  readonly lines: readonly Line[]
  /** Waits for a log line, past or coming. Rejects where the process ends without it. */
  readonly line: (matches: (line: Line) => boolean) => Promise<Line>
  /** Sends SIGKILL and waits for the end. Only if the database is not embedded in the service. */
  readonly kill: () => Promise<void>
  /** Sends SIGTERM, or another signal, and returns the exit code or the signal's name, and what it printed. */
  readonly stop: (
    signal?: NodeJS.Signals,
  ) => Promise<{ readonly code: number | string | null; readonly output: string }>
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The members of a tap test that are used here. */
interface Test {
  readonly teardown: (work: () => Promise<void>) => unknown
}

/**
 * Starts the service on any free port and waits until it is ready; stopped when the test ends if it still
 * runs.
 */
export async function spawnService(t: Test, environment: Readonly<Record<string, string>>): Promise<Service> {
  const [command, ...args] = plainly(process.execPath, ['build/run.mjs', 'main'])
  const child = spawn(command, args, {
    cwd: root,
    env: { ...foreign(), QINGDAN_PORT: '0', QINGDAN_SAMPLES: 'never', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close') as Promise<[number | null, string | null]>
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    // Not SIGKILL, which would leave its database running.
    child.kill('SIGTERM')
    await ended
  })
  let output = ''
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  const lines: Line[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stdout }).on('line', (text) => {
    lines.push(JSON.parse(text) as Line)
    for (const check of waiting) check()
  })
  const line: Service['line'] = (matches) =>
    new Promise((resolve, reject) => {
      const check = () => {
        const found = lines.find(matches)
        if (found === undefined) return
        waiting.delete(check)
        resolve(found)
      }
      waiting.add(check)
      ended.then(() => reject(new Error(`The service ended without the line: ${output}`)), reject)
      check()
    })
  const { port } = await line(({ event }) => event === 'service-started')
  return {
    base: `http://127.0.0.1:${port}`,
    lines,
    line,
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
    stop: async (by = 'SIGTERM') => {
      child.kill(by)
      const [code, signal] = await ended
      return { code: code ?? signal, output }
    },
  }
}
