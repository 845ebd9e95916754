/** Buffering of log lines. */
import { execFile } from 'node:child_process'
import t from 'tap'
import { plainly } from '../support/run-cli.ts'

/** Runs a program that logs a line and then `then`; returns the lines it wrote. */
function linesOf(then: string): Promise<readonly string[]> {
  const program = `
    import { openLog } from './src/platform/log/log.ts'
    const log = openLog('info')
    log.info({ n: 1 }, 'A line.')
    ${then}`
  const [command, ...args] = plainly(process.execPath, ['--import=tsx', '--input-type=module', '-e', program])
  return new Promise((resolve) => {
    execFile(command, args, (_error, stdout) => resolve(stdout.split('\n').filter((line) => line !== '')))
  })
}

t.test('buffered lines are written at the end of the process, however it ends', async (t) => {
  for (const [how, then] of [
    ['normally', ''],
    ['by process.exit', 'process.exit(3)'],
    ['by an uncaught error', "throw new Error('internal')"],
    ['by an unhandled rejection', "await Promise.reject(new Error('internal'))"],
  ] as const) {
    const lines = await linesOf(then)
    t.equal(lines.length, 1, how)
    t.match(JSON.parse(lines[0] ?? '{}'), { n: 1, msg: 'A line.' })
  }
})

t.test('many lines are written completely and in order', async (t) => {
  const lines = await linesOf("for (let n = 2; n <= 5_000; n += 1) log.info({ n }, 'A line.')")
  t.same(
    lines.map((line) => JSON.parse(line).n),
    Array.from({ length: 5_000 }, (_, n) => n + 1),
  )
})

t.test('a buffered line is written within a second even if no other follows', async (t) => {
  // The program stays until its input ends; closing its input ends it once the line has arrived.
  const program = `
    import { openLog } from './src/platform/log/log.ts'
    openLog('info').info({ n: 1 }, 'A line.')
    process.stdin.resume()`
  const [command, ...args] = plainly(process.execPath, ['--import=tsx', '--input-type=module', '-e', program])
  const child = execFile(command, args)
  const line = await new Promise<string>((resolve) =>
    child.stdout?.once('data', (text) => resolve(String(text))),
  )
  t.match(line, /"n":1/)
  child.stdin?.end()
})
