/**
 * Follows `docs/mirror.md` to the letter: its commands are run as processes, with one data folder and
 * database here, another there, and a folder between them as the stick.
 */
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { commands } from '../support/documents.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, temporaryFolder } from '../support/open-test-context.ts'
import { type CliRun, run, runCli } from '../support/run-cli.ts'
import { feedOf } from '../support/two-contexts.ts'

t.setTimeout(900_000)

const tree = field('tree', 'string', { role: 'key', constraints: { required: true } })
const contract = (dataset: string, more = {}) =>
  contractOf([tree], ['tree'], { dataset, themes: ['education'], ...more })
const stick = await temporaryFolder(t)
const origin = await openTestContext(t, {
  contracts: [contract('tree-register'), contract('secret-trees', { openClass: 'not-open' })],
  shipped: ['annual-open-data-list'],
})
const mirror = await openTestContext(t, { contracts: [contract('other')] })
await origin.take({ dataset: 'tree-register', edition: '2024', rows: 'tree\noak\n' })
await origin.publish('tree-register', '2024')

let cursor = ''

/** Runs a command of the page in its folder: here, there or on the stick. */
async function follow(line: string): Promise<CliRun> {
  const copies = line
    .replaceAll('/media/stick', stick)
    .replace('NjA1…', cursor)
    .replace('origin.asc', join(stick, 'origin.asc'))
  if (line.startsWith('unzip ')) return run('sh', ['-c', copies], {})
  const [command = '', target] = copies.replace(/^qingdan /, '').split(' > ')
  const words = command.split(' ')
  const context = ['export', 'signer'].includes(words[0] ?? '') ? origin : mirror
  const ran = await runCli(words, context.environment)
  if (target !== undefined) await writeFile(target, ran.stdout)
  return ran
}

const pages = commands('docs/mirror.md')
const [
  takeKey = '',
  trust = '',
  first = '',
  takeFirst = '',
  inspect = '',
  second = '',
  takeSecond = '',
  chosen = '',
] = pages

t.test('the key of the origin', async (t) => {
  t.equal(pages.length, 8, 'the page has the commands of this test')
  const shown = await follow(takeKey)
  const trusted = await follow(trust)
  t.match(trusted.lines, [/^trusted {2}[0-9A-F]{40}$/])
  t.match(shown.stderr, trusted.lines[0]?.slice(-40), 'both print the same fingerprint')
})

t.test('the first round', async (t) => {
  const exported = await follow(first)
  t.match(exported, { code: 0, stdout: /left out because they are restricted: secret-trees/ })
  t.match(await follow(first), { code: 2, stderr: /already exists/ }, 'nothing is overwritten')
  t.same(
    (await readdir(stick)).filter((name) => name.endsWith('.part')),
    [],
  )
  t.match(await follow(inspect), { code: 0 })
  const imported = await follow(takeFirst)
  t.match(imported, { code: 0, stdout: /^imported .*\n.*1 version, 1 record, signed by/ })
  const [, printed = ''] = /--since (\S+)/.exec(imported.stdout) ?? []
  t.match(exported.stdout, printed, 'both print the same cursor')
  cursor = printed
  t.match(await follow(takeFirst), { code: 0, stdout: /^already imported/ })
})

t.test('a further round', async (t) => {
  t.match(await follow(second), { code: 0, stdout: /Nothing has changed/ })
  await origin.take({ dataset: 'tree-register', edition: '2025', rows: 'tree\nelm\n' })
  await origin.publish('tree-register', '2025')
  t.match(await follow(second), { code: 0, stdout: /1 change, 1 version/ })
  const imported = await follow(`${takeSecond} --json`)
  t.match(JSON.parse(imported.stdout), { state: 'taken', changes: 1, versions: 1, records: 1 })
  const printed = (await feedOf(origin.context)).filter((line) => !line.includes('secret-trees'))
  t.same(await feedOf(mirror.context), printed)
})

t.test('usage errors and refusals', async (t) => {
  t.match(await runCli(['export', '--all', '--since', cursor], origin.environment), { code: 2 })
  const withdrawal = ['withdraw', 'tree-register', '2024', '1', '--reason', 'x']
  t.match(await runCli(withdrawal, mirror.environment), { code: 4, stderr: /mirror-read-only/ })
  const edition = chosen
    .replace('annual-open-data-list --edition 2026', 'tree-register --edition 2024')
    .replace('list-2026.zip', join(stick, 'chosen.zip'))
  t.match(await follow(edition), { code: 0 })
  t.match(await runCli(['mirror', join(stick, 'chosen.zip')], mirror.environment), {
    code: 3,
    stdout: /export-excerpt/,
  })
})
