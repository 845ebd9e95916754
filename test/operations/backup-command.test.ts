/** Follows `docs/backup.md`: its commands are run as processes, from one data folder and database to another. */
import { chown, cp, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { canReach, findNobody, isRoot, readable } from '../../src/db/embedded/os-account.ts'
import { digestOfFile } from '../../src/platform/digest.ts'
import { databaseEnvironment, emptyDatabase } from '../support/database.ts'
import { commands } from '../support/documents.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, temporaryFolder } from '../support/open-test-context.ts'
import { officeKey } from '../support/openpgp.ts'
import { binary, run, runCli } from '../support/run-cli.ts'

t.setTimeout(300_000)

const passphrase = 'correct horse'
const tree = field('tree', 'string', { role: 'key', constraints: { required: true } })
const contracts = [contractOf([tree], ['tree'], { dataset: 'tree-register', themes: ['education'] })]
const source = await openTestContext(t, { contracts })
const folder = await temporaryFolder(t)
const place = (name: string) => join(folder, name)
await source.take({ dataset: 'tree-register', edition: '2024', rows: 'tree\noak\n' })
await source.publish('tree-register', '2024')

const office = await officeKey(new Date('2026-01-01T00:00:00Z'))
const { encryptKey } = await import('openpgp')
const locked = await encryptKey({ privateKey: office.pair.privateKey, passphrase })
await writeFile(place('custodian.asc'), office.publicKey)
await writeFile(place('custodian-private.asc'), locked.armor())
await writeFile(place('passphrase'), `${passphrase}\n`)

const [show = '', first = '', second = '', check = '', restore = ''] = commands('docs/backup.md').filter(
  (line) => line.startsWith('qingdan'),
)
const target = {
  ...source.environment,
  ...databaseEnvironment(await emptyDatabase(t)),
  QINGDAN_DATA: place('restored'),
}

/** Runs a command of the page with its files in the test's folder. */
async function follow(line: string, environment: Readonly<Record<string, string>>, ...more: string[]) {
  const [text = ''] = line.replace('/mnt/backup', place('backup')).split(' > ')
  const words = text.split(' ').slice(1)
  return runCli([...words.map((word) => (word.endsWith('.asc') ? place(word) : word)), ...more], environment)
}

t.test('backup, check and restore', async (t) => {
  await writeFile(place('service.asc'), (await follow(show, source.environment)).stdout)
  t.match(await follow(first, source.environment), { code: 0, stdout: /^backed up .*\n.* rows, / })
  const again = await follow(`${second} --json`, source.environment)
  t.match(JSON.parse(again.stdout), { damaged: [], setsRemoved: [] })
  t.match(await follow(check, source.environment), { code: 0, stdout: /^complete .*\n.*\ncomplete / })
  const restored = await follow(restore, target, '--passphrase-file', place('passphrase'))
  t.match(restored, { code: 0, stdout: /^restored / })
  const listed = await runCli(['list', '--json'], target)
  t.match(listed, await runCli(['list', '--json'], source.environment))
  t.match(await follow(restore, target, '--passphrase-file', place('passphrase')), {
    code: 4,
    stderr: /is not empty/,
  })
})

t.test('another account at another path, with a database of its own', async (t) => {
  const elsewhere = await temporaryFolder(t)
  const files = ['custodian-private.asc', 'passphrase', 'service.asc', 'backup', 'datasets'] as const
  const from = (name: string) =>
    name === 'datasets' ? (source.environment['QINGDAN_DATASETS'] ?? '') : place(name)
  for (const name of files) await cp(from(name), join(elsewhere, name), { recursive: true })
  const environment = {
    ...source.environment,
    ...databaseEnvironment(await emptyDatabase(t)),
    QINGDAN_DATA: join(elsewhere, 'data'),
    QINGDAN_DATASETS: join(elsewhere, 'datasets'),
  }
  const nobody = isRoot() ? await findNobody() : undefined
  const isOther = nobody !== undefined && (await canReach(nobody, dirname(binary), readable))
  if (isOther) {
    const all = await readdir(elsewhere, { recursive: true })
    for (const path of ['', ...all]) await chown(join(elsewhere, path), nobody.uid, nobody.gid)
  }
  const as = (...args: string[]) =>
    isOther
      ? run(
          'setpriv',
          [
            `--reuid=${nobody.uid}`,
            `--regid=${nobody.gid}`,
            '--clear-groups',
            process.execPath,
            binary,
            ...args,
          ],
          environment,
        )
      : runCli(args, environment)
  const at = (name: string) => join(elsewhere, name)
  const restored = await as(
    'restore',
    at('backup'),
    '--key',
    at('custodian-private.asc'),
    '--passphrase-file',
    at('passphrase'),
    '--trust',
    at('service.asc'),
  )
  t.match(restored, { code: 0, stdout: /^restored / })
  const [verified, original] = [
    await as('verify', '--json'),
    await runCli(['verify', '--json'], source.environment),
  ]
  t.match(original, { code: 0 })
  t.same(JSON.parse(verified.stdout), JSON.parse(original.stdout))
  t.same(await digestsBelow(join(elsewhere, 'data')), await digestsBelow(source.context.config.QINGDAN_DATA))
})

/** Published files and received bundles with their digests. */
async function digestsBelow(data: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const name of ['editions', 'bundles']) {
    const entries = await readdir(join(data, 'files', name), { recursive: true, withFileTypes: true })
    for (const entry of entries.filter((one) => one.isFile())) {
      const path = join(entry.parentPath, entry.name)
      found.push(`${path.slice(data.length)} ${await digestOfFile(path)}`)
    }
  }
  return found.sort()
}

t.test('usage and refusals', async (t) => {
  t.match(await follow('qingdan backup /mnt/backup', source.environment), { code: 2, stderr: /--recipient/ })
  t.match(await follow('qingdan restore /nowhere --key custodian-private.asc', target), {
    code: 2,
    stderr: /passphrase/,
  })
  const [group = ''] = (await readdir(join(place('backup'), 'objects'))).filter((name) => name.length === 2)
  await rm(join(place('backup'), 'objects', group), { recursive: true })
  t.match(await follow(check, source.environment), { code: 3, stdout: /^damaged .*\n.*\n.*is missing/m })
})
