/** The log's lines wait for each other, but none of them for ever. */
import { execFile } from 'node:child_process'
import t from 'tap'
import { plainly } from '../support/run-cli.ts'

/** Runs a program that logs and then does something, and gives what it had written. */
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

t.test('what waits is written at the end of the process, however it ends', async (t) => {
  for (const [how, then] of [
    ['by itself', ''],
    ['by its own will', 'process.exit(3)'],
    ['by an error that nobody catches', "throw new Error('ours')"],
    ['by a promise that nobody catches', "await Promise.reject(new Error('ours'))"],
  ] as const) {
    const lines = await linesOf(then)
    t.equal(lines.length, 1, how)
    t.match(JSON.parse(lines[0] ?? '{}'), { n: 1, msg: 'A line.' })
  }
})

t.test('many lines are all there, in their order', async (t) => {
  const lines = await linesOf("for (let n = 2; n <= 5_000; n += 1) log.info({ n }, 'A line.')")
  t.same(
    lines.map((line) => JSON.parse(line).n),
    Array.from({ length: 5_000 }, (_, n) => n + 1),
  )
})

t.test('a line that may wait is written within a second, also when nothing follows', async (t) => {
  // The program stays until its input ends; it is killed once the line has come.
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
