/**
 * Follows the README as its reader would: writes its files, runs its commands in order and requests its
 * addresses, with a database and folder of its own. Checks the output where it matters.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { databaseEnvironment, emptyDatabase } from './support/database.ts'
import { blocks, commands } from './support/documents.ts'

interface Ran {
  readonly code: number | null
  readonly output: string
}

const list = 'annual-open-data-list'
const listSample = [
  `qingdan ingest --synthetic --dataset ${list} --edition 2026 ${resolve('datasets', list, 'sample/2026/edu-commission.csv')}`,
  `qingdan publish ${list} 2026`,
]

t.test('the commands of the README work in order', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'qingdan-readme-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const environment = {
    ...databaseEnvironment(await emptyDatabase(t)),
    QINGDAN_DATA: join(folder, 'var'),
    QINGDAN_SAMPLES: 'never',
    QINGDAN_PORT: '0',
    PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
  }
  // A reader works in the clone. The test links to its command, so that nothing is written into the clone.
  await symlink(resolve('bin'), join(folder, 'bin'))
  const [csv = ''] = blocks('README.md', 'csv')
  await writeFile(join(folder, 'calendar-2027.csv'), csv)
  // The reader has the samples; here the one that the README asks for is brought, since all would take half a minute.
  for (const line of listSample) t.equal((await run(line, folder, environment)).code, 0, line)
  const { base, stop } = await serve(environment)
  t.teardown(stop)
  const lines = commands('README.md').filter((line) => !line.startsWith('npm '))
  t.ok(lines.length >= 10, 'the README has commands')
  const answers: string[] = []
  for (const line of lines) {
    const address = /^curl '?http:\/\/127\.0\.0\.1:8080([^']*)'?$/.exec(line)?.[1]
    if (address === undefined) {
      const { code, output } = await run(line, folder, environment)
      t.equal(code, 0, line)
      answers.push(output)
      continue
    }
    const answer = await fetch(`${base}${address}`)
    t.equal(answer.status, 200, line)
    answers.push(await answer.text())
  }
  const all = answers.join('\n')
  t.match(all, /"name_en":"Summer vacation"/, 'the first version was read')
  t.match(all, /published {2}school-calendar 2027 v2/, 'the correction was published')
  t.match(all, /"latest":2/, 'and is the latest')
  t.match(all, /school-calendar 2027 v1 is withdrawn/, 'the first version was withdrawn')
  t.match(all, /^qd_\w+/m, 'a key was created')
  const withdrawn = await fetch(`${base}/v1/datasets/school-calendar/editions/2027/versions/1`)
  t.equal(withdrawn.status, 410, 'its address answers 410')
})

/** Runs a line of a document in a shell. tap hooks into Node processes by NODE_OPTIONS, which is taken away. */
async function run(
  line: string,
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<Ran> {
  const child = spawn('sh', ['-c', `unset NODE_OPTIONS; ${line}`], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}

/** Starts the service as `npm start` does, and waits until it says where it is. */
async function serve(
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly base: string; readonly stop: () => Promise<void> }> {
  const child: ChildProcess = spawn('sh', ['-c', 'unset NODE_OPTIONS; exec node build/run.mjs main'], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const closed = once(child, 'close')
  const stop = async () => {
    child.kill('SIGTERM')
    await closed
  }
  if (child.stderr === null) throw new Error('the service has no standard error')
  for await (const line of createInterface(child.stderr)) {
    const base = /^ {2}(http:\/\/127\.0\.0\.1:\d+)\/ /.exec(line)?.[1]
    if (base === undefined) continue
    child.stderr.resume()
    return { base, stop }
  }
  throw new Error('the service ended before it was ready')
}
