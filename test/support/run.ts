/**
 * Runs the tests: builds tap's module once, starts the database that they share, hands its arguments on to
 * `tap run`, and ends with the line `N passed, N failed`. Fails also when no test ran.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
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
    const options = given.some((each) => each.startsWith('--reporter')) ? [] : ['--reporter=terse']
    const environment = { TEST_DATABASE_URL: server.url }
    const { code, said } = await execute(['run', ...options, ...given], environment, 'pipe')
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

async function execute(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  output: number | 'pipe',
): Promise<{ readonly code: number; readonly said: string }> {
  const child = spawn(process.execPath, [tap, ...command], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', output, output === 'pipe' ? 'inherit' : output],
  })
  const stop = (signal: NodeJS.Signals) => void child.kill(signal)
  process.once('SIGINT', stop).once('SIGTERM', stop)
  let said = ''
  child.stdout?.on('data', (text: Buffer) => {
    process.stdout.write(text)
    said = `${said}${text}`.slice(-100_000)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  process.off('SIGINT', stop).off('SIGTERM', stop)
  return { code: code ?? 1, said }
}
