/**
 * Processes of the bench: the service, the references, commands. Each is identified by its pid, reports where
 * it listens, and is stopped when the bench ends, for whatever reason.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

export interface Running {
  readonly pid: number
  readonly stop: () => Promise<void>
}

export interface Service extends Running {
  /** Such as `http://127.0.0.1:34567`. */
  readonly url: string
}

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Where standard output goes; the bench reads standard error up to the line with the address. */
  readonly log: string
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** The environment of child processes, without the settings of the user who runs the bench. */
function environmentOf(given: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const foreign = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('QINGDAN_') && name !== 'DATABASE_URL' && name !== 'NODE_OPTIONS',
  )
  return { ...Object.fromEntries(foreign), NODE_ENV: 'production', ...given }
}

/** Starts a server and waits for its address on standard error. Throws with its output if it exits first. */
export async function startServer({ program, args, environment, log }: Command): Promise<Service> {
  const file = openSync(log, 'a')
  const child = spawn(program, args, {
    cwd: root,
    env: environmentOf(environment),
    stdio: ['ignore', file, 'pipe'],
  })
  closeSync(file)
  running.add(child)
  const ended = once(child, 'close').then(() => {
    running.delete(child)
  })
  const url = await addressOf(child)
  return {
    url,
    pid: child.pid ?? 0,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await ended
    },
  }
}

function addressOf(child: ChildProcess): Promise<string> {
  let output = ''
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const [, url] = /(http:\/\/127\.0\.0\.1:\d+)/.exec(output) ?? []
      if (url !== undefined) resolve(url)
    })
    child.once('error', reject)
    child.once('close', () => reject(new Error(`a process ended before it listened:\n${output}`)))
  })
}

export interface Exited {
  readonly stdout: string
  readonly seconds: number
  /** The peak memory of the process, in bytes; NaN if the system does not report it. */
  readonly residentBytesMax: number
}

/** Runs a command to its end. Throws with its last output if it fails. */
export async function runToEnd({ program, args, environment }: Omit<Command, 'log'>): Promise<Exited> {
  const began = performance.now()
  const child = spawn(program, args, {
    cwd: root,
    env: environmentOf(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = `${stderr}${chunk.toString()}`.slice(-10_000)
  })
  let residentBytesMax = Number.NaN
  const watch = setInterval(() => {
    void peakOf(child.pid ?? 0).then((bytes) => {
      if (!Number.isNaN(bytes)) residentBytesMax = bytes
    })
  }, peakEveryMilliseconds)
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${stderr}${stdout.slice(-2_000)}`)
    return { stdout, seconds: (performance.now() - began) / 1000, residentBytesMax }
  } finally {
    clearInterval(watch)
    running.delete(child)
  }
}

const peakEveryMilliseconds = 25

/** The peak memory of a running process, in bytes, as Linux reports it; NaN elsewhere. */
export async function peakOf(pid: number): Promise<number> {
  return statusOf(pid, 'VmHWM')
}

/** The current memory of a running process, in bytes, as Linux reports it; NaN elsewhere. */
export async function residentOf(pid: number): Promise<number> {
  return statusOf(pid, 'VmRSS')
}

async function statusOf(pid: number, name: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) * 1024
}

/** Processor seconds used by a running process, as Linux reports them; NaN elsewhere. */
export async function processorSecondsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name in brackets may contain spaces; user and system time are the 14th and 15th fields.
  const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(words[11]) + Number(words[12])) / ticksPerSecond
}

/** Linux reports hundredths of a second in /proc, whatever its internal clock rate. */
const ticksPerSecond = 100
