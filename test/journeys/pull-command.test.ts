/**
 * The command `qingdan pull` as a process: without a service's data folder, its output, exit codes and usage
 * errors; and `--follow`, which copies a change in seconds and ends cleanly on a signal.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { createKey, loadServiceKey } from '../../src/accounts/index.ts'
import { administer, emptyDatabase } from '../support/database.ts'
import { contractOf, field } from '../support/fields.ts'
import { temporaryFolder } from '../support/open-test-context.ts'
import { liveVersions, openPullSource, pullFrom } from '../support/pull-source.ts'
import { differencesInFolder, differencesInSchema } from '../support/pulled-copy.ts'
import { binary, foreign, plainly } from '../support/run-cli.ts'

t.setTimeout(900_000)

const tree = field('tree', 'string', { role: 'key', constraints: { required: true } })
const contract = (dataset: string, more = {}) =>
  contractOf([tree], ['tree'], { dataset, themes: ['education'], formats: ['csv', 'ndjson'], ...more })
const secret = contract('secret-trees', { openClass: 'not-open' })
const source = await openPullSource(t, [contract('tree-register'), contract('bush-register'), secret])
for (const dataset of ['tree-register', 'bush-register', 'secret-trees'])
  await source.publish(dataset, '2024', 'tree\noak\n')
const home = await temporaryFolder(t)
const database = await emptyDatabase(t)

t.test('a folder, with only an address', async (t) => {
  const into = join(home, 'copy')
  // Settings that would stop a service do not concern it.
  const environment = {
    QINGDAN_DATA: '/nowhere/at/all',
    QINGDAN_PORT: 'x',
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/x',
  }
  const ran = await source.pull(['--into', into], environment)
  t.match(ran, {
    code: 0,
    lines: [/^pulled {2}/, /4 changes, 2 versions taken, 0 dropped, 2 records/, /signatures not verified/],
  })
  const live = await liveVersions(source.base())
  t.equal(live.length, 2)
  t.same(await differencesInFolder(into, live), [])
  t.match(await source.pull(['--into', into]), { code: 0, stdout: /^up to date/ })
})

t.test('PostgreSQL, one dataset, signed, as JSON', async (t) => {
  const key = join(home, 'service.asc')
  await writeFile(key, (await loadServiceKey(source.testContext.context)).publicKey)
  const args = [
    '--into',
    database,
    '--schema',
    'trees',
    '--dataset',
    'tree-register',
    '--trust',
    key,
    '--json',
  ]
  const ran = await source.pull([...args, '--scratch', join(home, 'scratch')])
  t.equal(ran.code, 0, ran.stderr)
  t.match(JSON.parse(ran.stdout), { changes: 2, versionsTaken: 1, records: 1, signedBy: [/^[0-9A-F]{40}$/] })
  const live = (await liveVersions(source.base())).filter(({ dataset }) => dataset === 'tree-register')
  t.same(await differencesInSchema(database, live, 'trees'), [])
  const stranger = join(home, 'no-key.asc')
  await writeFile(stranger, 'no key')
  t.match(await source.pull(['--into', join(home, 'x'), '--trust', stranger]), {
    code: 2,
    stderr: /no-key\.asc/,
  })
})

t.test('one format only', async (t) => {
  const into = join(home, 'csv')
  await pullFrom(source.base(), { into, formats: ['csv'] })
  t.same(
    await differencesInFolder(into, await liveVersions(source.base()), (name) => name.endsWith('.csv')),
    [],
  )
})

t.test('usage errors are reported with exit code 2', async (t) => {
  const into = join(home, 'never')
  const slips: readonly [readonly string[], RegExp][] = [
    [['pull', 'data.example.org', '--into', into], /not an http:.* address/],
    [['pull', 'ftp://data.example.org', '--into', into], /not an http:.* address/],
    [['pull', 'https://me:secret@data.example.org', '--into', into], /QINGDAN_PULL_KEY/],
    [['pull', `${source.base()}/?q=1`, '--into', into], /without a query/],
    [['pull', source.base(), '--into', 'mysql://x/y'], /a folder or an address/],
    [['pull', source.base(), '--into', into, '--schema', 'x'], /--schema is for Postgres/],
    [['pull', source.base(), '--into', database, '--schema', 'pg_mine'], /not begin with pg_/],
    [['pull', source.base(), '--into', database, '--format', 'csv'], /--format is for folders/],
    [['pull', source.base(), '--into', into, '--retries', '101'], /0 to 100/],
    [['pull', source.base(), '--into', into, '--dataset', '../x'], /not a valid dataset slug/],
    [['pull', source.base(), '--into', into, '--key-file', join(home, 'none')], /no file or folder/],
    [['pull', source.base()], /--into/],
  ]
  const { callCli } = await import('../support/run-cli.ts')
  for (const [args, message] of slips)
    t.match(await callCli(args, {}), { code: 2, stderr: message }, args.slice(1).join(' '))
})

t.test('refusals have exit codes, and codes in JSON', async (t) => {
  const away = ['--into', join(home, 'away'), '--retries', '0']
  const { callCli } = await import('../support/run-cli.ts')
  t.match(await callCli(['pull', 'http://127.0.0.1:1', ...away], {}), {
    code: 4,
    stderr: /\(source-away\)\n {2}Run the same/,
  })
  t.match(await source.pull(['--into', home, '--json']), { code: 2, stdout: /"refused":"target-foreign"/ })
  t.match(await source.pull(['--into', join(home, 'copy'), '--history']), {
    code: 2,
    stderr: /other-question/,
  })
  const unknown = await source.pull(['--into', join(home, 'unknown'), '--dataset', 'no-such'])
  t.match(unknown, { code: 4, stderr: /dataset-not-found/ })
  const wrong = await source.pull(['--into', join(home, 'wrong')], { QINGDAN_PULL_KEY: 'qd_no_such_key' })
  t.match(wrong, { code: 4, stderr: /key-invalid/ })
})

t.test('restricted data are pulled only with a key', async (t) => {
  const { context } = source.testContext
  const created = await createKey(
    context.database,
    { label: 'platform', scopes: ['read-restricted'] },
    { clock: context.clock, actor: 'cli:test' },
  )
  const keyFile = join(home, 'key')
  await writeFile(keyFile, `${created.secret}\n`)
  const into = join(home, 'restricted')
  const ran = await source.pull(['--into', into, '--key-file', keyFile])
  t.match(ran, { code: 0, stdout: /6 changes, 3 versions/ })
  t.notMatch(ran.stdout + ran.stderr, created.secret, 'the key is printed nowhere')
  const all = await liveVersions(source.base(), { authorization: `Bearer ${created.secret}` })
  t.equal(all.length, 3)
  t.same(await differencesInFolder(into, all), [])
  t.match(await source.pull(['--into', into]), { code: 2, stderr: /a key: started with true/ })
})

t.test('a closed dataset is removed, and an opened one comes with its past', async (t) => {
  const into = join(home, 'opening')
  const schema = await emptyDatabase(t)
  const pullBoth = async (what: string) => {
    await Promise.all([into, schema].map((one) => pullFrom(source.base(), { into: one })))
    const live = await liveVersions(source.base())
    t.same(await differencesInFolder(into, live), [], what)
    t.same(await differencesInSchema(schema, live), [], what)
    return live.map(({ dataset }) => dataset).sort()
  }
  await source.publish('secret-trees', '2023', 'tree\nyew\n')
  t.same(await pullBoth('first'), ['bush-register', 'tree-register'])
  await source.grow([
    { ...contract('bush-register', { openClass: 'not-open' }), contractVersion: 2 },
    { ...contract('secret-trees'), contractVersion: 2 },
  ])
  await source.publish('tree-register', '2025', 'tree\nelm\n')
  t.same(await pullBoth('closed and opened'), [
    'secret-trees',
    'secret-trees',
    'tree-register',
    'tree-register',
  ])
  // While it is closed the feed says nothing of it; the changes of that time come when it opens again.
  await source.publish('bush-register', '2024', 'tree\nhazel\n')
  await source.grow([{ ...contract('bush-register'), contractVersion: 3 }])
  t.ok((await pullBoth('opened again')).includes('bush-register'))
  const count = await administer(schema, (client) =>
    client.query('SELECT count(*)::int AS all, count(DISTINCT id)::int AS own FROM qingdan_copy._change'),
  )
  t.equal(count.rows[0].all, count.rows[0].own, 'and nothing twice')
})

t.test('--follow applies a change within seconds and ends cleanly on a signal', async (t) => {
  const into = join(home, 'followed')
  const args = [binary, 'pull', source.base(), '--into', into, '--follow']
  const [command, ...others] = plainly(process.execPath, args)
  const child = spawn(command, others, {
    env: { ...foreign(), QINGDAN_LOG_LEVEL: 'debug' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => void child.kill('SIGKILL'))
  const ended = once(child, 'close')
  const lines: string[] = []
  const listeners = new Set<() => void>()
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line)
    for (const notify of listeners) notify()
  })
  /** Waits until a point was reported this many times. */
  const until = (point: string, times: number) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (lines.filter((line) => line.includes(`"point":"${point}"`)).length < times) return
        listeners.delete(check)
        resolve()
      }
      listeners.add(check)
      check()
    })
  const committed = () => lines.filter((line) => line.includes('"point":"committed"')).length
  await until('committed', 1)
  const live = async () => liveVersions(source.base())
  while ((await differencesInFolder(into, await live())).length > 1) await until('committed', committed() + 1)
  const before = committed()
  const began = performance.now()
  await source.publish('tree-register', '2026', 'tree\nash\n')
  await until('committed', before + 1)
  const seconds = (performance.now() - began) / 1000
  t.ok(seconds < 20, `${seconds.toFixed(2)} seconds after its bundle came`)
  process.stderr.write(
    `a change was in the copy ${seconds.toFixed(2)} s after its bundle came, publication included\n`,
  )
  // Beside the live files there is only the lock.
  t.same(await differencesInFolder(into, await live()), ['lock was left behind'])
  child.kill('SIGTERM')
  t.same(await ended, [null, 'SIGTERM'], 'by the signal, as every command')
  t.match(lines.at(-1), /^Interrupted\. Applied: \d+ changes/)
  t.same(await differencesInFolder(into, await live()), [], 'and the lock is released')
  t.match(await pullFrom(source.base(), { into }), { changes: 0 })
})
