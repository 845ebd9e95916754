/** Ctrl+C in the middle of a command: the process ends by the signal, and the database it started ends with it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { findClusterLocation } from '../../src/db/embedded/location.ts'
import { findPostmaster } from '../../src/db/embedded/postmaster.ts'
import { temporaryFolder } from '../support/open-test-context.ts'
import { binary, foreign } from '../support/run-cli.ts'

/** Enough rows that the signal arrives while they are read. */
const rows = 300_000

t.test('an interrupted ingest leaves no database running and no staged rows', async (t) => {
  const folder = await temporaryFolder(t)
  // The account that runs PostgreSQL under root must be able to enter this folder.
  await chmod(folder, 0o755)
  const file = join(folder, 'rows.csv')
  const lines = Array.from({ length: rows }, (_row, n) => `term,2027-02-22,2027-06-30,${n},Term ${n}`)
  await writeFile(file, `事项,起始日期,终止日期,名称,英文名称\n${lines.join('\n')}\n`)
  const data = join(folder, 'var')
  const ingest = ['ingest', '--dataset', 'school-calendar', '--edition', '2027', file]
  const child = spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, binary, ...ingest], {
    env: { ...foreign(), QINGDAN_DATA: data, TMPDIR: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(child, 'close')
  let output = ''
  for await (const chunk of child.stderr) {
    output += String(chunk)
    if (/: validate/.test(output)) break
  }
  t.match(output, /: validate/, 'it was in the middle of its work')
  child.kill('SIGINT')
  t.same(await ended, [null, 'SIGINT'])
  const { home } = await findClusterLocation(data, () => undefined)
  t.equal(await findPostmaster(join(home, 'database', 'cluster')), undefined, 'the database is stopped')
  t.same(
    (await readdir(folder)).filter((name) => name.startsWith('qingdan-bag-')),
    [],
  )
})
