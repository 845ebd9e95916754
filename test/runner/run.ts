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
import { fileURLToPath } from 'node:url'
import { dropLeftovers, joinTestServer, stopAbandonedServers } from '../support/database.ts'
import { nameSources } from './source-lines.ts'
import { type FileResult, readTap } from './tap-lines.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A process that tests longer is stopped. */
const timeoutSeconds = 600

/** Folders whose files share a process: each process takes half a second before its first test. */
const shared = [
  ['bundle'],
  ['contract', 'derivations', 'disclosure', 'platform', 'files', 'catalogue', 'cli'],
  ['formats', 'pull', 'transfer'],
  ['accounts', 'annual-lists'],
].map((names) => names.map((name) => `test/${name}/`))

/** Files of those folders that take long enough to run beside the others, or that use the root's `t.teardown`. */
const alone: readonly string[] = [
  ...['corpus', 'fast-path', 'rows', 'xlsx-writers', 'zip'].map((name) => `test/bundle/${name}.test.ts`),
  'test/annual-lists/notifications.test.ts',
]

/**
 * Megabytes for new objects. With the default, which grows from 1 to 16, collecting garbage is a fifth of a short
 * test, and a third of one that makes millions of cells.
 */
const youngGeneration = ['--min-semi-space-size=64', '--max-semi-space-size=64']

/** The files that one process runs. */
type Batch = readonly string[]

/** Runs the files named, or all. Gives the exit code. */
export async function run(args: readonly string[], compiled: string): Promise<number> {
  const began = Date.now()
  const files = args.length > 0 ? chosen(args) : testFiles()
  const server = await joinTestServer()
  const total = { passed: 0, failed: 0, skipped: 0 }
  const times = readTimes()
  const report = (file: string, result: FileResult) => {
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
    const queue = batchesOf(files, times)
    // Whoever stops the run stops what runs; nothing more is begun then.
    const stop = () => {
      queue.length = 0
      total.failed += 1
      process.stdout.write('stopped\n')
    }
    process.once('SIGINT', stop).once('SIGTERM', stop)
    const work = async () => {
      for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
        await runBatch(batch, compiled, environment, report)
      }
    }
    // One more than processors: tests often wait for the database, for a timer or for a process of theirs.
    await Promise.all(Array.from({ length: Math.max(2, availableParallelism() + 1) }, work))
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
function batchesOf(files: readonly string[], times: ReadonlyMap<string, number>): Batch[] {
  const groups = new Map<string, string[]>()
  for (const file of files) {
    const group = shared.find((folders) => folders.some((folder) => file.startsWith(folder)))
    const name = alone.includes(file) ? file : (group?.join() ?? file)
    groups.set(name, [...(groups.get(name) ?? []), file])
  }
  const timeOf = (batch: Batch) => batch.reduce((sum, file) => sum + (times.get(file) ?? 5_000), 0)
  return [...groups.values()].sort((a, b) => timeOf(b) - timeOf(a))
}

async function runBatch(
  batch: Batch,
  compiled: string,
  environment: NodeJS.ProcessEnv,
  report: (file: string, result: FileResult) => void,
): Promise<void> {
  const paths = batch.map((file) => join(compiled, file.replace(/\.ts$/, '.js')))
  // The argument makes the names unique that tap gives to temporary folders.
  const program =
    batch.length === 1
      ? paths
      : [join(compiled, 'test/runner/group.js'), String(paths.length), batch[0] ?? '']
  const child = spawn(process.execPath, [...youngGeneration, ...program], {
    cwd: root,
    env: { ...environment, TEST_GROUP: paths.join('\n') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = (signal: NodeJS.Signals) => void child.kill(signal)
  process.once('SIGINT', stop).once('SIGTERM', stop)
  // Tap answers SIGALRM by the names of what was still running.
  const timers = [
    setTimeout(() => child.kill('SIGALRM'), timeoutSeconds * 1000),
    setTimeout(() => child.kill('SIGKILL'), (timeoutSeconds + 15) * 1000),
  ]
  const reader = readTap(() => performance.now())
  let reached = batch.length === 1 ? 0 : -1
  let hasFailed = false
  const finish = (extra: readonly string[] = []) => {
    const taken = reader.take()
    const file = batch[reached]
    if (file === undefined) return
    hasFailed ||= taken.failed > 0 || extra.length > 0
    const failed = Math.max(taken.failed, extra.length > 0 ? 1 : 0)
    report(file, { ...taken, failed, failures: [...taken.failures, ...extra] })
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (batch.length === 1 || line !== `# file ${paths[reached + 1]}`) return reader.line(line)
    finish()
    reached += 1
  })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complaint = `${complaint}${chunk}`.slice(-100_000)
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  process.off('SIGINT', stop).off('SIGTERM', stop)
  for (const timer of timers) clearTimeout(timer)
  const end = `${complaint}\nThe process ended by ${signal ?? `exit code ${code}`}.`
  const isUnexplained = code !== 0 && !hasFailed && reader.failed() === 0
  reached = Math.max(reached, 0)
  finish(isUnexplained ? [end] : [])
  // Files that the process never came to.
  for (reached += 1; reached < batch.length; reached += 1) finish([end])
  if (complaint !== '' && !isUnexplained) process.stderr.write(nameSources(complaint, compiled, root))
}

function linesOf(file: string, result: FileResult, compiled: string): readonly string[] {
  const { passed, failed, failures, skipped, milliseconds } = result
  const word = failures.length > 0 || failed > 0 ? 'not ok' : 'ok'
  return [
    `${word}  ${file} # ${passed} passed${failed > 0 ? `, ${failed} failed` : ''} time=${Math.round(milliseconds)}ms`,
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
