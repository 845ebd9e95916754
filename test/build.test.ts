/**
 * What `npm start` and `bin/qingdan` do before they run: in a copy with two small entries, so that each build takes a
 * fraction of a second.
 */
import { spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { foreign, plainly } from './support/run-cli.ts'

const cli = (word: string) => `export async function run(args: readonly string[]): Promise<number> {
  const { shout } = await import('./deep/shout.ts')
  process.stdout.write(shout('${word} ' + args.join(' ')))
  return 0
}
`
const shout = `interface Never { readonly seen: string }


export function shout(text: string): string {
  const unused: Never | undefined = undefined
  if (text.includes('fail')) throw new Error('as asked' + String(unused ?? ''))
  return text.toUpperCase() + '\\n'
}
`

/** A copy of the build with sources of its own; gives its folder. */
function copy(t: Test): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'qingdan-build-')))
  t.teardown(() => {
    chmodSync(folder, 0o755)
    rmSync(folder, { recursive: true, force: true })
  })
  for (const name of ['build', 'bin', 'package.json', 'package-lock.json']) {
    cpSync(resolve(name), join(folder, name), { recursive: true })
  }
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  mkdirSync(join(folder, 'src/deep'), { recursive: true })
  writeFileSync(join(folder, 'src/main.ts'), `process.stdout.write('served\\n')\nexport {}\n`)
  writeFileSync(join(folder, 'src/cli.ts'), cli('one'))
  mkdirSync(join(folder, 'src/publication/control'), { recursive: true })
  writeFileSync(join(folder, 'src/publication/control/control-worker.ts'), 'export {}\n')
  writeFileSync(join(folder, 'src/deep/shout.ts'), shout)
  return folder
}

interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(folder: string, ...words: readonly string[]): Promise<Ran> {
  return runAs({}, folder, ...words)
}

function runAs(
  account: { readonly uid?: number; readonly gid?: number },
  folder: string,
  ...words: readonly string[]
): Promise<Ran> {
  const [command, ...args] = plainly(process.execPath, words)
  const child = spawn(command, args, { cwd: folder, env: foreign(), ...account })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  return new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr })))
}

/** The compiled forms on disk, each with its creation time. */
function forms(folder: string): readonly string[] {
  return readdirSync(join(folder, 'dist'))
    .filter((name) => /^[0-9a-f]{20}$/.test(name))
    .map((name) => `${name} ${statSync(join(folder, 'dist', name)).ino}`)
    .sort()
}

t.test('it compiles only if a source has changed', async (t) => {
  const folder = copy(t)
  t.match(await run(folder, 'bin/qingdan', 'a'), { code: 0, stdout: 'ONE A\n', stderr: '' })
  const first = forms(folder)
  t.equal(first.length, 1)
  t.match(await run(folder, 'build/run.mjs', 'main'), { code: 0, stdout: 'served\n', stderr: '' })
  t.same(forms(folder), first)
  // The same length, at once: neither size nor a coarse time tells the two apart.
  writeFileSync(join(folder, 'src/cli.ts'), cli('two'))
  t.match(await run(folder, 'bin/qingdan', 'b'), { stdout: 'TWO B\n' })
  t.equal(forms(folder).length, 2)
  writeFileSync(join(folder, 'src/cli.ts'), cli('one'))
  t.match(await run(folder, 'bin/qingdan', 'c'), { stdout: 'ONE C\n' })
  t.equal(forms(folder).length, 2, 'an earlier compiled form is used again')
  writeFileSync(join(folder, 'package-lock.json'), '{}')
  await run(folder, 'build/run.mjs', 'build')
  t.equal(forms(folder).length, 3, 'a change of the packages gives a new form')
})

t.test('simultaneous starts all run, also after a killed build', async (t) => {
  const folder = copy(t)
  mkdirSync(join(folder, 'dist/tmp.1'), { recursive: true })
  writeFileSync(join(folder, 'dist/lock'), '999999999')
  const ran = await Promise.all(['a', 'b', 'c'].map((word) => run(folder, 'bin/qingdan', word)))
  t.same(
    ran,
    ['A', 'B', 'C'].map((word) => ({ code: 0, stdout: `ONE ${word}\n`, stderr: '' })),
  )
  const [digest, ...others] = readdirSync(join(folder, 'dist')).filter((name) => name !== 'current.json')
  t.match(digest, /^[0-9a-f]{20}$/)
  t.same(others, [])
})

t.test('a failure to compile names the command that helps', async (t) => {
  const folder = copy(t)
  writeFileSync(join(folder, 'src/cli.ts'), 'export const run = ;\n')
  const wrong = await run(folder, 'bin/qingdan')
  t.match(wrong, { code: 1, stdout: '', stderr: /can't be compiled.*\n.*src\/cli\.ts:1:19/ })
  t.notMatch(wrong.stderr, /\n\s+at /)
  writeFileSync(join(folder, 'src/cli.ts'), cli('one'))
  rmSync(join(folder, 'dist'), { recursive: true })
  chmodSync(folder, 0o555)
  // Root may write anywhere; nobody may not.
  const account = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const closed = await runAs(account, folder, 'bin/qingdan')
  t.match(closed, { code: 1, stdout: '', stderr: /may not write .*\/dist\. .*npm run build\n$/ })
  chmodSync(folder, 0o755)
  await run(folder, 'build/run.mjs', 'build')
  chmodSync(folder, 0o555)
  t.match(await runAs(account, folder, 'bin/qingdan', 'a'), { code: 0, stdout: 'ONE A\n' })
})

t.test('a stack trace names the line of the source', async (t) => {
  const folder = copy(t)
  const { code, stderr } = await run(folder, 'bin/qingdan', 'fail')
  t.equal(code, 1)
  t.match(stderr, `${join(folder, 'src/deep/shout.ts')}:6:`)
  t.match(stderr, `${join(folder, 'src/cli.ts')}:3:`)
})
