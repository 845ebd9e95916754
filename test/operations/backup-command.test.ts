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
import { binary, callCli, run, runCli } from '../support/run-cli.ts'

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
/** Restored by another account at another path, if the tests run as root and others may enter the clone. */
const elsewhere = await temporaryFolder(t)
const nobody = isRoot() ? await findNobody() : undefined
const isOther = nobody !== undefined && (await canReach(nobody, dirname(binary), readable))
const target = {
  ...source.environment,
  ...databaseEnvironment(await emptyDatabase(t)),
  QINGDAN_DATA: join(elsewhere, 'data'),
  QINGDAN_DATASETS: join(elsewhere, 'datasets'),
}

async function bringElsewhere(): Promise<void> {
  const datasets = source.environment['QINGDAN_DATASETS'] ?? ''
  await cp(datasets, target.QINGDAN_DATASETS, { recursive: true })
  for (const name of ['custodian-private.asc', 'passphrase', 'service.asc', 'backup'])
    await cp(place(name), join(elsewhere, name), { recursive: true })
  if (!isOther) return
  for (const path of ['', ...(await readdir(elsewhere, { recursive: true }))])
    await chown(join(elsewhere, path), nobody.uid, nobody.gid)
}

function runElsewhere(...args: readonly string[]) {
  if (!isOther) return runCli(args, target)
  const account = [`--reuid=${nobody.uid}`, `--regid=${nobody.gid}`, '--clear-groups']
  return run('setpriv', [...account, process.execPath, binary, ...args], target)
}

/** Runs a command of the page with its files in the test's folder. */
const follow = (line: string, environment: Readonly<Record<string, string>>) =>
  runCli(argumentsOf(line, folder), environment)

function argumentsOf(line: string, within: string): readonly string[] {
  const [text = ''] = line.replace('/mnt/backup', join(within, 'backup')).split(' > ')
  const words = text.split(' ').slice(1)
  return words.map((word) => (word.endsWith('.asc') ? join(within, word) : word))
}

t.test('backup, check and restore', async (t) => {
  await writeFile(place('service.asc'), (await follow(show, source.environment)).stdout)
  t.match(await follow(first, source.environment), { code: 0, stdout: /^backed up .*\n.* rows, / })
  const again = await follow(`${second} --json`, source.environment)
  t.match(JSON.parse(again.stdout), { damaged: [], setsRemoved: [] })
  t.match(await follow(check, source.environment), { code: 0, stdout: /^complete .*\n.*\ncomplete / })
  await bringElsewhere()
  const restoring = [...argumentsOf(restore, elsewhere), '--passphrase-file', join(elsewhere, 'passphrase')]
  const restored = await runElsewhere(...restoring)
  t.match(restored, { code: 0, stdout: /^restored / }, restored.stderr)
  const verified = await runElsewhere('verify', '--json')
  const original = await callCli(['verify', '--json'], source.environment)
  t.match(original, { code: 0 })
  t.same(JSON.parse(verified.stdout), JSON.parse(original.stdout))
  t.same(await digestsBelow(target.QINGDAN_DATA), await digestsBelow(source.context.config.QINGDAN_DATA))
  t.match(await runElsewhere(...restoring), { code: 4, stderr: /is not empty/ })
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
