/**
 * `docs/mirror.md`, followed to the letter: its commands are run as processes, one data folder and database here, another
 * there, and a folder between them for the stick.
 */
import { mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readMirror } from '../../src/catalogue/index.ts'
import { commands } from '../support/documents.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestHouse, temporaryFolder } from '../support/open-test-house.ts'
import { type CliRun, run, runCli } from '../support/run-cli.ts'
import { feedOf } from '../support/two-houses.ts'

t.setTimeout(300_000)

const tree = field('tree', 'string', { role: 'key', constraints: { required: true } })
const contract = (dataset: string, more = {}) =>
  contractOf([tree], ['tree'], { dataset, themes: ['education'], ...more })
const stick = await temporaryFolder(t)
const origin = await openTestHouse(t, {
  contracts: [contract('tree-register'), contract('secret-trees', { openClass: 'not-open' })],
  shipped: ['annual-open-data-list'],
})
const mirror = await openTestHouse(t, { contracts: [contract('other')] })
await origin.take({ dataset: 'tree-register', edition: '2024', rows: 'tree\noak\n' })
await origin.publish('tree-register', '2024')

let cursor = ''

/** Runs a command as the page has it, where it belongs, on the stick. */
async function follow(line: string): Promise<CliRun> {
  const there = line.replaceAll('/media/stick', stick).replace('NjA1…', cursor)
  if (line.startsWith('sed ')) {
    const script = there.replace('var/', `${join(origin.folder, 'var')}/`).replace('> ', `> ${stick}/`)
    return run('sh', ['-c', script], {})
  }
  if (line.startsWith('unzip ')) return run('sh', ['-c', there], {})
  const words = there
    .replace(/^qingdan /, '')
    .replace('origin.asc', join(stick, 'origin.asc'))
    .split(' ')
  const house = words[0] === 'export' ? origin : mirror
  return runCli(words, house.environment)
}

const pages = commands('docs/mirror.md')
const [
  takeKey = '',
  trust = '',
  first = '',
  takeFirst = '',
  look = '',
  second = '',
  takeSecond = '',
  chosen = '',
] = pages

t.test('the key has to be there before it can be taken away', async (t) => {
  t.equal(pages.length, 8, 'the page has the commands of this test')
  const made = await follow('qingdan export --all --out /media/stick/round-0.zip')
  t.equal(made.code, 0, made.stderr)
  t.equal((await follow(takeKey)).code, 0)
  const trusted = await follow(trust)
  t.match(trusted.lines, [/^trusted {2}[0-9A-F]{40}$/])
  t.match(made.stdout, trusted.lines[0]?.slice(-40))
})

t.test('the first round', async (t) => {
  const exported = await follow(first)
  t.match(exported, { code: 0, stdout: /left out, for they are restricted: secret-trees/ })
  t.match(await follow(first), { code: 2, stderr: /there already/ }, 'nothing is written over')
  t.same(
    (await readdir(stick)).filter((name) => name.endsWith('.part')),
    [],
  )
  t.match(await follow(look), { code: 0 })
  const taken = await follow(takeFirst)
  t.match(taken, { code: 0, stdout: /^taken .*\n.*1 versions, 1 records, signed by/ })
  const [, told = ''] = /--since (\S+)/.exec(taken.stdout) ?? []
  t.match(exported.stdout, told, 'both print the same cursor')
  cursor = told
  t.match(await follow('qingdan mirror'), { code: 0, stdout: cursor })
  t.match(await follow(takeFirst), { code: 0, stdout: /^here already/ })
})

t.test('a further round, out of its order and in it', async (t) => {
  const nothing = await follow(second)
  t.match(nothing, { code: 0, stdout: /Nothing has changed/ })
  for (const edition of ['2025', '2026']) {
    await origin.take({ dataset: 'tree-register', edition, rows: 'tree\nelm\n' })
    await origin.publish('tree-register', edition)
    if (edition === '2026') break
    t.match(await follow(second), { code: 0, stdout: /1 changes, 1 versions/ })
    await rename(join(stick, 'round-2.zip'), join(stick, 'kept.zip'))
  }
  const json = await runCli(
    ['export', '--since', cursor, '--json', '--out', join(stick, 'both')],
    origin.environment,
  )
  t.match(JSON.parse(json.stdout), { changes: 2, left: ['secret-trees'] })
  const kept = await runCli(['mirror', join(stick, 'kept.zip'), '--json'], mirror.environment)
  t.match(JSON.parse(kept.stdout), { state: 'taken', changes: 1 })
  const gone = cursor
  cursor = JSON.parse(kept.stdout).cursor
  t.not(cursor, gone)
  t.match(await follow(second), { code: 0 })
  t.match(await follow(takeSecond), { code: 0, stdout: /^taken/ })
  t.same(
    await feedOf(mirror.house),
    (await feedOf(origin.house)).filter((line) => !line.includes('secret-trees')),
  )
})

t.test('what is typed wrongly, and what is refused', async (t) => {
  const wrong = [
    ['export'],
    ['export', '--all', '--since', cursor],
    ['export', '--dataset', 'tree-register'],
    ['export', '--dataset', 'tree-register', '--edition', '2024', '--version', 'x'],
    ['mirror', join(stick, 'nowhere.zip')],
    ['mirror', '--key', 'README.md'],
  ]
  for (const words of wrong) t.equal((await runCli(words, origin.environment)).code, 2, words.join(' '))
  t.match(await runCli(['export', '--since', 'rubbish'], origin.environment), {
    code: 4,
    stderr: /cursor-invalid/,
  })
  const bag = join(stick, 'inward')
  await mkdir(bag)
  t.match(await runCli(['mirror', bag], mirror.environment), { code: 3, stdout: /^refused/ })
  t.match(await runCli(['withdraw', 'tree-register', '2024', '1', '--reason', 'x'], mirror.environment), {
    code: 4,
    stderr: /mirror-read-only/,
  })
  t.match(
    await follow(
      chosen
        .replace('annual-open-data-list --edition 2026', 'tree-register --edition 2024')
        .replace('list-2026.zip', join(stick, 'chosen.zip')),
    ),
    { code: 0 },
  )
  t.match(await runCli(['mirror', join(stick, 'chosen.zip')], mirror.environment), {
    code: 3,
    stdout: /export-excerpt/,
  })
  t.match(await runCli(['mirror', 'keys'], mirror.environment), { code: 0, stdout: /[0-9A-F]{40}/ })
  t.ok(await readMirror(mirror.house.database.work))
})
