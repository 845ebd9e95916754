/**
 * Scheduled publications on the command line: the commands as processes, beside a running service that
 * releases them at their time, and after the service was down.
 */
import t from 'tap'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { callCli, runCli } from '../support/run-cli.ts'
import { spawnService } from '../support/spawn-service.ts'

const [kites, wells] = ['kite-register', 'well-register']
const required = { constraints: { required: true } }
const contract = (dataset: string, more: object = {}) =>
  contractOf([field('name', 'string', { role: 'key', ...required }), field('size', 'integer')], ['name'], {
    dataset,
    themes: ['education'],
    formats: ['csv'],
    ...more,
  })

// A shared database server, so that no command has to start one first.
const testContext = await openTestContext(t, {
  contracts: [contract(kites), contract(wells, { approval: { required: true } })],
})
const { environment, context } = testContext
const cli = (...args: readonly string[]) => callCli(args, environment)

interface Publication {
  readonly id: number
  readonly state: string
  readonly waitsFor: readonly string[]
  readonly releaseAt: string | null
  readonly digest: string
}

/** The output of a command with --json; fails unless it succeeds. */
async function runJson<T = Publication>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await cli(...args, '--json')
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`)
  return JSON.parse(stdout) as T
}

const take = (dataset: string, text: string) =>
  testContext.take({ dataset, edition: '2025', rows: `name,size\n${text}` })

async function versionOf(number: number) {
  const answer = await testContext.get(`/v1/datasets/${kites}/editions/2025/versions/${number}`)
  return answer.json<{ publishedAt: string; sha256: string }>()
}

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString()

t.test('its help says who releases waiting publications', async (t) => {
  const { code, stdout } = await cli('publish', '--help')
  t.equal(code, 0)
  t.match(stdout, /running service releases it/)
  t.match(stdout.replace(/\s+/g, ' '), /it releases the version when it starts again/)
})

t.test('mistyped or past times are refused', async (t) => {
  await take(kites, 'a,1\n')
  const cases = [
    [['publish', kites, '2025', '--at', 'soon'], 2, /--at must be a date and time in Shanghai/],
    [['publish', kites, '2025', '--at', '2020-01-01'], 4, /moment-past/],
    [['preview', kites, '2025'], 4, /publication-not-found/],
    [['approve', kites, '2025', '--sha256', 'abc'], 2, /64 digits/],
    [['drop', kites, '2025', '--reason', 'None.'], 4, /publication-not-found/],
  ] as const
  const runs = await Promise.all(cases.map(([args]) => cli(...args)))
  for (const [index, [args, code, message]] of cases.entries()) {
    t.equal(runs[index]?.code, code, args.join(' '))
    t.match(runs[index]?.stderr, message)
  }
})

t.test('without a service it is prepared, and says who releases it; the next start does', async (t) => {
  const plain = await cli('publish', kites, '2025', '--at', inSeconds(3600))
  t.equal(plain.code, 0)
  t.match(
    plain.stdout,
    /^prepared {2}kite-register 2025 v1\n {2}sha256 [0-9a-f]{64}\n {2}The running service releases it at /,
  )
  const again = await cli('publish', kites, '2025', '--at', inSeconds(7200), '--json')
  t.match(again.stderr, /It replaces the pending publication 1\./)
  const waiting = JSON.parse(again.stdout) as Publication
  t.match(waiting, { state: 'prepared', waitsFor: ['moment'] })
  const listed = await runJson<Publication[]>('publications')
  t.same(
    listed.map(({ id, state }) => [id, state]),
    [[waiting.id, 'prepared']],
  )
  t.match((await runCli(['publications', kites, '2025', '--all'], environment)).stdout, /dropped/)
  const { href } = await runJson<{ href: string }>('preview', kites, '2025', '--expires', '30m')
  const previews = await runJson<{ id: string }[]>('preview', kites, '2025', '--list')
  t.equal(previews.length, 1)
  const shown = async () => (await testContext.get(href)).status
  t.equal(
    await shown(),
    200,
    'a publication requested over HTTP can be handled on the command line, and the reverse',
  )
  await runJson('preview', kites, '2025', '--revoke', previews[0]?.id ?? '')
  t.equal(await shown(), 404)
  // As if two hours had passed without a running service.
  await context.database.work`
      UPDATE qingdan.publication SET release_at = now() - interval '1 second' WHERE id = ${waiting.id}`
  const before = new Date().toISOString()
  const service = await spawnService(t, environment)
  await service.line(({ event }) => event === 'version-published')
  const version = await versionOf(1)
  t.ok(version.publishedAt >= before, 'published at the actual time, not at the missed one')
  t.equal(version.sha256, waiting.digest)
  t.equal((await service.stop()).code, 0)
})

t.test('a running service releases at the time, and not before', async (t) => {
  const { authorization } = await testContext.key({ scopes: ['publish'] })
  await take(kites, 'a,2\n')
  const service = await spawnService(t, environment)
  const moment = inSeconds(10)
  const request = await fetch(`${service.base}/v1/datasets/${kites}/editions/2025/publications`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'Measured again.', at: moment }),
  })
  t.equal(request.status, 202)
  await service.line(({ event, version }) => event === 'version-published' && version === 2)
  t.ok((await versionOf(2)).publishedAt >= moment)
  t.equal((await service.stop()).code, 0)
})

t.test('requested on the command line, approved by a key, released by the service', async (t) => {
  await take(wells, 'w,1\n')
  const waiting = await runJson('publish', wells, '2025')
  t.match(waiting, { state: 'prepared', waitsFor: ['approval'] })
  const own = await runCli(['approve', wells, '2025'], environment)
  t.equal(own.code, 4)
  t.match(own.stderr, /approval-by-asker/)
  const { authorization } = await testContext.key({ scopes: ['publish'] })
  const service = await spawnService(t, environment)
  const url = `${service.base}/v1/datasets/${wells}/editions/2025/publications/${waiting.id}`
  const headers = { authorization, 'content-type': 'application/json' }
  const approved = await fetch(`${url}/approval`, { method: 'POST', headers, body: '{}' })
  t.equal(approved.status, 202)
  await service.line(({ event }) => event === 'version-published')
  t.match(await (await fetch(url, { headers })).json(), {
    state: 'done',
    approval: { by: { label: 'test' } },
  })
  // And the reverse: requested by a key, cancelled on the command line.
  await take(wells, 'w,2\n')
  const base = url.slice(0, url.lastIndexOf('/'))
  const body = JSON.stringify({ reason: 'Counted again.' })
  const request = await fetch(base, { method: 'POST', headers, body })
  t.equal(request.status, 202)
  await service.line(
    ({ event, version, state }) =>
      event === 'publication-state-changed' && version === 2 && state === 'prepared',
  )
  t.match(await runJson('drop', wells, '2025', '--reason', 'Not yet.'), {
    state: 'dropped',
    endedReason: 'Not yet.',
  })
  const next = (await (await fetch(base, { method: 'POST', headers, body })).json()) as Publication
  await service.line(
    ({ event, publication }) => event === 'publication-state-changed' && publication === next.id,
  )
  t.match(
    await runJson('approve', wells, '2025'),
    { state: 'done', waitsFor: [] },
    'the user of the command line is the second person',
  )
  t.equal((await service.stop()).code, 0)
})
