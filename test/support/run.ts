/**
 * Runs the tests: builds tap's module once, starts the database that they share, hands its arguments on to `tap run`,
 * shows a line a file, what failed and what was skipped with its reason, and ends with the line `N passed, N failed`.
 * Fails also when no test ran.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { dropLeftovers, joinTestServer } from './database.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const tap = join(dirname(createRequire(import.meta.url).resolve('tap/package.json')), 'dist/esm/run.mjs')

process.exitCode = await run(process.argv.slice(2))

async function run(given: readonly string[]): Promise<number> {
  const log = join(root, '.tap-build.log')
  const file = openSync(log, 'w')
  if ((await execute(['build'], {}, file)).code !== 0) {
    process.stderr.write(readFileSync(log))
    return 1
  }
  const server = await joinTestServer()
  try {
    await dropLeftovers(server.url)
    const asked = given.some((each) => each.startsWith('--reporter'))
    const environment = { TEST_DATABASE_URL: server.url }
    const command = ['run', ...(asked ? [] : ['--reporter=tap']), ...given]
    const show = asked ? (line: string) => void process.stdout.write(`${line}\n`) : buildDigest()
    const { code, said } = await execute(command, environment, 'pipe', show)
    const passed = countOf(said, 'pass')
    const failed = countOf(said, 'fail')
    process.stdout.write(`${passed} passed, ${failed} failed\n`)
    return code === 0 && failed === 0 && passed > 0 ? 0 : code || 1
  } finally {
    await server.leave()
  }
}

/** A count from tap's last summary, such as `# { total: 18, pass: 18 }`; what is zero is left out there. */
function countOf(said: string, kind: 'pass' | 'fail'): number {
  const summary = said.match(/# \{ total: .*\}/g)?.at(-1) ?? ''
  return Number(new RegExp(`\\b${kind}: (\\d+)`).exec(summary)?.[1] ?? 0)
}

/** Shows of TAP what a person wants to see: each file's result, and of its tests those that failed or were skipped. */
function buildDigest(): (line: string) => void {
  let telling = false
  return (line) => {
    const begins = /^\s*(?:not )?ok \d/.test(line)
    // What stands below a failure explains it, until the next result.
    if (begins || /^\s*# Subtest/.test(line)) telling = /^\s*not ok/.test(line)
    const shown = telling || /^(?:ok|# \{|# time)/.test(line) || /^\s*ok .*# (?:SKIP|TODO)/i.test(line)
    if (shown) process.stdout.write(`${line.replace(/^ok \d+ - /, 'ok  ')}\n`)
  }
}

async function execute(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  output: number | 'pipe',
  show: (line: string) => void = () => undefined,
): Promise<{ readonly code: number; readonly said: string }> {
  const child = spawn(process.execPath, [tap, ...command], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', output, output === 'pipe' ? 'inherit' : output],
  })
  const stop = (signal: NodeJS.Signals) => void child.kill(signal)
  process.once('SIGINT', stop).once('SIGTERM', stop)
  let said = ''
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      show(line)
      said = `${said}${line}\n`.slice(-100_000)
    })
  }
  const [code] = (await once(child, 'close')) as [number | null]
  process.off('SIGINT', stop).off('SIGTERM', stop)
  return { code: code ?? 1, said }
}
