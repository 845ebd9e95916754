/** What commands print: words, numbers, exit codes, and what to type next. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encryptKey } from 'openpgp'
import t from 'tap'
import { addSigner } from '../../src/accounts/index.ts'
import { counted, stateText, subjectOf } from '../../src/cli/output.ts'
import { ServerError } from '../../src/db/database-error.ts'
import type { Receipt } from '../../src/ingest/index.ts'
import { fileExists } from '../../src/platform/file-exists.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { officeKey } from '../support/openpgp.ts'
import { binary, callCli, runCli } from '../support/run-cli.ts'
import { installed } from '../support/tools.ts'

const withoutScript = installed('script') ? false : 'script of util-linux is not installed'

const dataset = 'tree-register'
const tree = field('tree', 'string', { role: 'key', constraints: { required: true } })
const contracts = [contractOf([tree], ['tree'], { dataset, themes: ['education'] })]
const { context, environment, take, publish, folder } = await openTestContext(t, { contracts })
const cli = (...args: readonly string[]) => runCli(args, environment)

t.test('numbers and their nouns', async (t) => {
  t.same(
    [0, 1, 2].map((count) => counted(count, 'row')),
    ['0 rows', '1 row', '2 rows'],
  )
})

t.test('a receipt names what is known', async (t) => {
  const unknown = { dataset: null, edition: null, provider: null, packing: 'zip', broughtBy: 'key:1' }
  t.equal(subjectOf(unknown as Receipt), 'a ZIP from key:1, whose manifest is not verified')
  t.equal(subjectOf({ ...unknown, dataset, provider: 'edu' } as Receipt), `${dataset} edu`)
  const decided = (act: string) =>
    ({ state: 'dropped', group: null, decision: { act } }) as unknown as Receipt
  t.same(
    ['erase', 'drop'].map((act) => stateText(decided(act))),
    ['erased', 'dropped'],
  )
})

t.test('an error of the database says what failed', async (t) => {
  const message = (code: string) => new ServerError(code, undefined, 'part').message
  t.match(message('42501'), /permission denied.*\(SQLSTATE 42501, table part\)/)
  t.match(message('23505'), /a constraint was violated/, 'by its class')
  t.match(message('ZZ000'), /see the log of the server/)
})

t.test('a correction without a reason: usage, and what to type', async (t) => {
  await take({ dataset, edition: '2024', rows: 'tree\noak\n' })
  await publish(dataset, '2024')
  await take({ dataset, edition: '2024', rows: 'tree\nelm\n' })
  t.match(await cli('publish', dataset, '2024'), {
    code: 2,
    stderr: `qingdan publish ${dataset} 2024 --reason '…'`,
  })
})

t.test('hints speak of commands', async (t) => {
  const { code, stderr } = await cli('publish', 'no-such-dataset', '2024')
  t.equal(code, 4)
  t.match(stderr, /qingdan list shows/)
  t.notMatch(stderr, /GET \/v1/)
})

t.test('an erased bundle: one line, and its own word', async (t) => {
  const { id } = await take({ dataset, edition: '2030', rows: 'tree\nfir\n' })
  const { stdout } = await cli('erase', 'bundle', id, '--reason', 'Sent by mistake.', '--yes')
  t.same(
    stdout.split('\n').filter((line) => line.includes(id.slice(0, 12))),
    [`bundle ${id.slice(0, 12)} is erased.`],
  )
  t.match((await cli('list', 'bundles')).stdout, new RegExp(`${id.slice(0, 12)} +erased `))
})

t.test('a withdrawal says what becomes the latest; names as arguments or as options', async (t) => {
  const call = (...args: readonly string[]) => callCli(args, environment)
  await take({ dataset, edition: '2026', rows: 'tree\nash\n' })
  await publish(dataset, '2026')
  const named = ['--dataset', dataset, '--edition', '2026', '--version', '1', '--reason', 'Wrong.']
  const { code, stdout } = await call('withdraw', ...named)
  t.equal(code, 0)
  t.match(stdout, new RegExp(`${dataset} 2026 v1 is withdrawn.`))
  t.match(stdout, /Without it no version of 2026 is public; the latest edition of the dataset: 2024\./)
  t.match(JSON.parse((await call('withdraw', ...named, '--json')).stdout), {
    already: true,
    latest: { ofEdition: null, ofDataset: '2024' },
  })
  t.match(await call('withdraw', dataset, '2026', '--reason', 'x'), { code: 2, stderr: /--version/ })
  t.match(await call('publish', dataset, '2026', '2027'), { code: 2 })
  t.match(await call('publish', dataset, '--edition', '2026', '2027'), {
    code: 2,
    stderr: /one name too many/,
  })
  t.match(await call('publish', '--dataset', dataset, '2024'), {
    code: 2,
    stderr: /publish tree-register 2024 --reason/,
  })
})

t.test(
  'in a terminal a withdrawal asks, and any answer but yes changes nothing',
  { skip: withoutScript },
  async (t) => {
    await take({ dataset, edition: '2028', rows: 'tree\nyew\n' })
    await publish(dataset, '2028')
    const answered = (answer: string) =>
      inTerminal(
        `${process.execPath} ${binary} withdraw ${dataset} 2028 1 --reason Wrong`,
        answer,
        environment,
      )
    const no = await answered('no')
    t.match(no, {
      code: 3,
      shown: /Withdraw tree-register 2028 v1\? This can not be undone\. Type yes to go on: /,
    })
    t.match(no.shown, /Without it no version .* is public.*Nothing was withdrawn\./s)
    const yes = await answered('yes')
    t.match(yes, { code: 0, shown: /tree-register 2028 v1 is withdrawn\./ })
  },
)

/** Runs a command line in a pseudo-terminal of `script` (util-linux), and answers its question. */
async function inTerminal(line: string, answer: string, variables: Readonly<Record<string, string>>) {
  const child = spawn('script', ['-qec', line, '/dev/null'], { env: { ...process.env, ...variables } })
  let shown = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const isAsked = shown.includes('Type yes')
    shown += chunk.toString()
    if (!isAsked && shown.includes('Type yes')) child.stdin.write(`${answer}\n`)
  })
  const [code] = (await once(child, 'close')) as [number]
  return { code, shown }
}

t.test('proofs of an edition that was never published: said, and where to look', async (t) => {
  for (const act of ['verify', 'explain']) {
    const asked = await cli('disclosure', act, dataset, '1999')
    t.equal(asked.code, 4, act)
    t.equal(asked.stdout, '')
    t.match(asked.stderr, /edition.*\n?.*qingdan list/i)
  }
})

t.test('dates of signers are days in Shanghai; a locked key says how to open it', async (t) => {
  const { publicKey, pair } = await officeKey(new Date('2026-01-01T00:00:00Z'))
  await addSigner(
    context.database,
    {
      ...{ fingerprint: 'A'.repeat(40), publicKey, userIds: [], provider: 'edu-commission' },
      validFrom: new Date('2026-02-28T16:00:00Z'),
    },
    { clock: context.clock, actor: 'cli:test' },
  )
  t.match((await cli('signer', 'list')).stdout, / 2026-03-01 /)
  t.match((await cli('signer', 'list', '--json')).stdout, '2026-02-28T16:00:00.000Z')
  const key = join(folder, 'custodian.asc')
  await writeFile(
    key,
    (await encryptKey({ privateKey: pair.privateKey, passphrase: 'correct horse' })).armor(),
  )
  t.match(await cli('restore', folder, '--key', key), { code: 2, stderr: /--passphrase-file <file>/ })
})

t.test('verify offers a repair only where one is possible', async (t) => {
  await context.database.work`UPDATE qingdan.signer SET public_key = 'no key'`
  const { code, stdout } = await cli('verify')
  t.equal(code, 1)
  t.match(stdout, /remaining: 1 defect;/)
  t.notMatch(stdout, '--repair')
})

t.test('a taken port is reported before the database starts', async (t) => {
  const { createServer } = await import('node:net')
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((listening) => taken.once('listening', listening))
  t.teardown(() => taken.close())
  const { port } = taken.address() as { readonly port: number }
  const data = join(folder, 'never-started')
  const { code, stderr } = await runCli(['serve'], {
    ...{ QINGDAN_DATA: data, QINGDAN_HOST: '127.0.0.1', QINGDAN_PORT: String(port), LC_ALL: 'C' },
  })
  t.equal(code, 1)
  t.match(stderr, new RegExp(`Port ${port} on 127.0.0.1 is in use`))
  t.notOk(await fileExists(data), 'no data folder was made')
})
