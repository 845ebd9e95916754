/**
 * A bag of loose files holds all their rows: it must not outlive the command, not even where Ctrl+C ends
 * that.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import t from 'tap'
import { temporaryFolder } from '../support/open-test-context.ts'
import { foreign } from '../support/run-cli.ts'

const script = `
  import { withBag } from './src/cli/bundles/loose-files.ts'
  const source = Buffer.from('name\\na\\n')
  const files = [{ name: 'rows.csv', source }]
  const bag = { dataset: 'a', edition: '2025', contractVersion: 1, provider: 'b', files, clock: () => new Date(0) }
  await withBag(bag, () => new Promise(() => setInterval(() => console.log('taking'), 10)))`

t.test('a signal removes the temporary bag and ends the process', async (t) => {
  const folder = await temporaryFolder(t)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Tap puts listeners for signals of its own into every process of Node that it starts; `env` takes them
    // out.
    const child = spawn(
      'env',
      ['-u', 'NODE_OPTIONS', process.execPath, '--import=tsx', '--input-type=module', '-e', script],
      {
        env: { ...foreign(), TMPDIR: folder },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const ended = once(child, 'close')
    await Promise.race([once(child.stdout, 'data'), ended])
    const bags = async () => (await readdir(folder)).filter((name) => name.startsWith('qingdan-bag-')).length
    t.equal(await bags(), 1)
    child.kill(signal)
    t.same(await ended, [null, signal])
    t.equal(await bags(), 0, signal)
  }
})
