/** A service whose starter ignores SIGHUP ignores it as well; any other is ended by it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { program } from '../support/program.ts'

/** Runs a shell script in which `$SHOW` prints what a process that it starts finds out. */
async function run(script: string): Promise<string> {
  const command = [process.execPath, ...program('test/support/show-hangup.ts')]
  const child = spawn('sh', ['-c', script], {
    env: { ...process.env, SHOW: command.join(' ') },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')])
  return output.trim()
}

t.test('by trap in the shell, and not without', { skip: process.platform !== 'linux' }, async (t) => {
  t.equal(await run("trap '' HUP; $SHOW; true"), 'true')
  t.equal(await run("trap '' INT; $SHOW; true"), 'false')
  t.equal(await run('$SHOW; true'), 'false')
})
