/** Completion scripts: what bash offers, and that the scripts of the other shells name the same commands. */
import { execFile } from 'node:child_process'
import { mkdtemp, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { binary, callCli, foreign } from '../support/run-cli.ts'

const run = promisify(execFile)
const folder = await mkdtemp(join(tmpdir(), 'qingdan-completion-'))
const scriptOf = async (shell: string) => (await callCli(['completion', shell], { LC_ALL: 'C' })).stdout

t.test('bash completes commands, options and datasets', async (t) => {
  const script = join(folder, 'qingdan.bash')
  await writeFile(script, await scriptOf('bash'))
  await symlink(binary, join(folder, 'qingdan'))
  const environment = { ...foreign(), PATH: `${folder}:${process.env['PATH']}`, NODE_OPTIONS: '' }
  const offered = async (...words: readonly string[]) => {
    const text = words.map((word) => `'${word}'`).join(' ')
    const lines = `. ${script}; COMP_WORDS=(qingdan ${text}); COMP_CWORD=${words.length}; _qingdan; printf '%s\n' "\${COMPREPLY[@]}"`
    return (await run('bash', ['-c', lines], { env: environment })).stdout.trim().split('\n')
  }
  t.same(await offered('pub'), ['publish', 'publications'])
  t.same(await offered('key', ''), ['create', 'list', 'show', 'usage', 'revoke'])
  t.same(await offered('key', 'create', '--per'), ['--per-minute', '--per-day'])
  t.same(
    await offered('--json', 'erase', 'version', '--b'),
    ['--backups'],
    'options before a command are passed over',
  )
  t.same(await offered('publish', 'school-s'), ['school-sports-venues'], 'the slug of a dataset')
  t.same(await offered('ingest', 'a.csv', '--dataset', 'student'), ['student-fitness'])
  t.same(await offered('ingest', 'nothing'), [''], 'else the shell completes files')
})

t.test('each shell has every command; another shell is refused with the choice', async (t) => {
  const scripts = await Promise.all(['bash', 'zsh', 'fish'].map(scriptOf))
  for (const script of scripts) {
    for (const path of ['qingdan signer revoke', 'qingdan contract draft', 'qingdan completion'])
      t.ok(script.includes(`"${path}"`), path)
    t.notMatch(script, /undefined/)
  }
  t.match(await callCli(['completion', 'ksh'], { LC_ALL: 'C' }), { code: 2, stderr: /bash, zsh, fish/ })
  t.match((await callCli(['completion', 'fish'], { LC_ALL: 'zh_CN' })).stdout, /-a publish -d '将一期数据/)
})
