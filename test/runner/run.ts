/**
 * Runs compiled tests as processes beside each other: shows a line a file, what failed with its explanation,
 * what was skipped with its reason, and ends with the line `N passed, N failed`. Fails also when no test ran.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { dropLeftovers, joinTestServer, stopAbandonedServers } from '../support/database.ts'
import { nameSources } from './source-lines.ts'
import { type FileResult, readTap } from './tap-lines.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A process that tests longer is stopped. */
const timeoutSeconds = 600

/**
 * Megabytes for new objects. With the default, which grows from 1 to 16, collecting garbage is a fifth of a short
 * test, and a third of one that makes millions of cells.
 */
const youngGeneration = ['--min-semi-space-size=64', '--max-semi-space-size=64']

/** What a file gave, and the milliseconds of CPU of its process and of those it started; 0 where that ended. */
type Result = FileResult & { readonly cpu: number; readonly childCpu: number }

/** Runs the files named, or all. Gives the exit code. */
export async function run(args: readonly string[], compiled: string): Promise<number> {
  const began = Date.now()
  const files = args.length > 0 ? chosen(args) : testFiles()
  const server = await joinTestServer()
  const total = { passed: 0, failed: 0, skipped: 0 }
  const times = readTimes()
  const report = (file: string, result: Result) => {
    total.passed += result.passed
    total.failed += result.failed
    total.skipped += result.skipped.length
    times.set(file, Math.round(result.milliseconds))
    for (const line of linesOf(file, result, compiled)) process.stdout.write(`${line}\n`)
  }
  try {
    await stopAbandonedServers()
    await dropLeftovers(server.url)
    const environment = {
      ...process.env,
      TEST_DATABASE_URL: server.url,
      TEST_COMPILED: compiled,
      // Tap stops a test by default after 30 s, which some need on a machine that does something else too.
      TAP_TIMEOUT: String(timeoutSeconds),
    }
    const queue = longestFirst(files, times)
    // Whoever stops the run stops what runs; nothing more is begun then.
    const stop = () => {
      queue.length = 0
      total.failed += 1
      process.stdout.write('stopped\n')
    }
    process.once('SIGINT', stop).once('SIGTERM', stop)
    const work = async () => {
      while (queue.length > 0) await runProcess(queue, compiled, environment, report)
    }
    // Two more than processors: tests often wait for the database, for a timer or for a process of theirs.
    await Promise.all(Array.from({ length: availableParallelism() + 2 }, work))
  } finally {
    await server.leave()
    writeTimes(times)
  }
  const { passed, failed, skipped } = total
  const seconds = Math.round((Date.now() - began) / 1000)
  process.stdout.write(
    `# ${files.length} files, ${skipped} skipped, ${seconds} s\n${passed} passed, ${failed} failed\n`,
  )
  return failed === 0 && passed > 0 ? 0 : 1
}

function testFiles(): readonly string[] {
  const found = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  const tests = found.filter((path) => path.endsWith('.test.ts') && !path.includes('node_modules'))
  return tests.map((path) => `test/${path}`).sort()
}

/** Test files of the command line; a folder means all tests in it. */
function chosen(args: readonly string[]): readonly string[] {
  const paths = args.map((path) => relative(root, join(process.cwd(), path)))
  const all = testFiles()
  return paths.flatMap((path) => {
    const found = all.filter((file) => file === path || file.startsWith(`${path.replace(/\/$/, '')}/`))
    if (found.length === 0) throw new Error(`No test file ${path}`)
    return found
  })
}

/** What took longest last time comes first, so that no long file is left for the end. */
function longestFirst(files: readonly string[], times: ReadonlyMap<string, number>): string[] {
  // On a fresh clone: what starts a service or a browser takes longest.
  const isLong = (file: string) => /^test\/(journeys|operations|db|portal|[^/]*$)/.test(file)
  const timeOf = (file: string) => times.get(file) ?? (isLong(file) ? 15_000 : 3_000)
  return [...files].sort((a, b) => timeOf(b) - timeOf(a))
}

/** Starts a process that runs files of the queue until it is empty or the process ends. */
async function runProcess(
  queue: string[],
  compiled: string,
  environment: NodeJS.ProcessEnv,
  report: (file: string, result: Result) => void,
): Promise<void> {
  // The argument makes the names unique that tap gives to temporary folders.
  const child = spawn(process.execPath, [...youngGeneration, join(compiled, 'test/runner/group.js')], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const stop = (signal: NodeJS.Signals) => void child.kill(signal)
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const reader = readTap(() => performance.now())
  let file: string | undefined
  let hasFailed = false
  let complaint = ''
  let timers: readonly NodeJS.Timeout[] = []
  const begin = () => {
    const next = queue.shift()
    if (next === undefined) return void child.send({})
    file = next
    reader.take()
    // Tap answers SIGALRM by the names of what was still running.
    timers = [
      setTimeout(() => child.kill('SIGALRM'), timeoutSeconds * 1000),
      setTimeout(() => child.kill('SIGKILL'), (timeoutSeconds + 15) * 1000),
    ]
    child.send({ name: next, compiled: join(compiled, next.replace(/\.ts$/, '.js')) })
  }
  const finish = (end?: string, [cpu = 0, childCpu = 0]: readonly number[] = []) => {
    for (const timer of timers) clearTimeout(timer)
    if (file === undefined) return
    const taken = reader.take()
    const isUnexplained = end !== undefined && taken.failed === 0
    hasFailed ||= taken.failed > 0 || isUnexplained
    const failures = isUnexplained ? [`${complaint}\n${end}`] : taken.failures
    report(file, { ...taken, cpu, childCpu, failed: taken.failed + (isUnexplained ? 1 : 0), failures })
    if (complaint !== '' && !isUnexplained) process.stderr.write(nameSources(complaint, compiled, root))
    complaint = ''
    file = undefined
  }
  createInterface({ input: child.stdout as Readable }).on('line', (line) => {
    if (line === '# next') begin()
    else if (line.startsWith('# done ')) finish(undefined, line.slice(7).split(' ').map(Number))
    else reader.line(line)
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    complaint = `${complaint}${chunk}`.slice(-100_000)
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  process.off('SIGINT', stop).off('SIGTERM', stop)
  const end = `The process ended by ${signal ?? `exit code ${code}`}.`
  finish(end)
  if (code === 0 || signal !== null || hasFailed) return
  // Something that a file left behind failed after it, or the process could not begin.
  queue.length = 0
  throw new Error(`${complaint}\n${end}`)
}

function linesOf(file: string, result: Result, compiled: string): readonly string[] {
  const { passed, failed, failures, skipped, milliseconds, cpu, childCpu } = result
  const word = failures.length > 0 || failed > 0 ? 'not ok' : 'ok'
  const counts = `${passed} passed${failed > 0 ? `, ${failed} failed` : ''}`
  return [
    `${word}  ${file} # ${counts} time=${Math.round(milliseconds)}ms cpu=${cpu}+${childCpu}ms`,
    ...skipped.map((line) => `    ${line}`),
    ...failures.map((text) => withoutTap(nameSources(text, compiled, root))),
  ]
}

/** An explanation without the frames of the test library. */
function withoutTap(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/node_modules\/(@tapjs|tap)\//.test(line))
    .join('\n')
}

const timesFile = join(root, '.tap', 'times.json')

function readTimes(): Map<string, number> {
  if (!existsSync(timesFile)) return new Map()
  return new Map(Object.entries(JSON.parse(readFileSync(timesFile, 'utf8')) as Record<string, number>))
}

function writeTimes(times: ReadonlyMap<string, number>): void {
  writeFileSync(timesFile, `${JSON.stringify(Object.fromEntries([...times].sort()), null, 1)}\n`)
}
