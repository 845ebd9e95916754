/**
 * The key registry on the command line: keys added, shown, revoked, and audited; and the public key of the
 * service.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadServiceKey } from '../../src/accounts/index.ts'
import { readPublicKey } from '../../src/bundle/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { officeKey } from '../support/openpgp.ts'
import { callCli, runCli } from '../support/run-cli.ts'

const dataset = 'kite-register'
const contract = contractOf(
  [field('name', 'string', { role: 'key', constraints: { required: true } })],
  ['name'],
  {
    dataset,
    themes: ['education'],
    parts: [{ provider: 'edu-310101' }, { provider: 'edu-310104' }],
  },
)
const testContext = await openTestContext(t, { contracts: [contract] })
const { context, get, folder, environment } = testContext
const cli = (...args: readonly string[]) => callCli(['signer', ...args], environment)
const office = await officeKey(new Date('2026-01-05T04:00:00Z'))
const file = async (name: string, text: string) => {
  await writeFile(join(folder, name), text)
  return join(folder, name)
}
const publicFile = await file('office.asc', office.publicKey)
const scope = ['--provider', 'edu-310101', '--dataset', dataset]

t.test('a public key is registered with its scope, shown, and revoked for good', async (t) => {
  const validity = ['--from', '2026-01-01', '--until', '2027-01-01']
  const added = await runCli(['signer', 'add', publicFile, ...scope, ...validity, '--json'], environment)
  t.equal(added.code, 0, added.stderr)
  t.match(JSON.parse(added.stdout), {
    fingerprint: office.fingerprint,
    provider: 'edu-310101',
    datasets: [dataset],
    validFrom: '2025-12-31T16:00:00.000Z',
    isNew: true,
  })
  const again = await cli('add', publicFile, '--provider', 'edu-310101', '--json')
  t.match(JSON.parse(again.stdout), { isNew: false }, 'registered again, the key gets its newer scope')
  const listed = await cli('list')
  t.match(listed.stdout, new RegExp(`${office.fingerprint} +edu-310101 +- +- +- +- +Office`))
  const shown = await cli('show', office.fingerprint.slice(-16).toLowerCase())
  t.match(shown.stdout, /BEGIN PGP PUBLIC KEY BLOCK/)

  const unreasoned = await cli('revoke', office.fingerprint)
  t.equal(unreasoned.code, 2)
  const revoked = await cli('revoke', office.fingerprint, '--reason', 'the stick was lost')
  t.equal(revoked.code, 0, revoked.stderr)
  t.match(JSON.parse((await cli('show', office.fingerprint, '--json')).stdout), {
    revokedReason: 'the stick was lost',
  })
  const back = await cli('add', publicFile, ...scope)
  t.equal(back.code, 4)
  t.match(back.stderr, /signer-revoked/)
  const audit = await context.database.work`
    SELECT action, subject FROM qingdan.audit WHERE action LIKE 'signer-%' ORDER BY id`
  t.same(
    audit.map(({ action }) => action),
    ['signer-added', 'signer-changed', 'signer-revoked'],
  )
  t.ok(audit.every(({ subject }) => subject === `signer:${office.fingerprint}`))
})

t.test("anything but a provider's public key is refused, and a private one is never stored", async (t) => {
  const cases: readonly (readonly [args: readonly string[], code: number, message: RegExp])[] = [
    [
      ['add', await file('private.asc', office.privateKey), ...scope],
      2,
      /private key, which must not be shared/,
    ],
    [['add', await file('text.asc', 'no key'), ...scope], 2, /not an OpenPGP key/],
    [['add', publicFile, '--provider', 'nobody'], 2, /one of edu-310101, edu-310104/],
    [['add', publicFile, '--provider', 'edu-310101', '--dataset', 'kites'], 4, /dataset-not-found/],
    [['add', publicFile, ...scope, '--from', 'soon'], 2, /--from must be a date or time/],
    [
      ['add', publicFile, ...scope, '--from', '2026-02-01', '--until', '2026-02-01'],
      4,
      /must be after its start/,
    ],
    [['add', join(folder, 'none.asc'), ...scope], 2, /There is no file/],
    [['show', 'ABCD'], 4, /No registered key/],
    [['revoke', '0'.repeat(40), '--reason', 'x'], 4, /No registered key/],
  ]
  for (const [args, code, message] of cases) {
    const ended = await cli(...args)
    t.equal(ended.code, code, `${args.join(' ')}: ${ended.stderr}`)
    t.match(ended.stderr, message)
  }
  const [stored] = await context.database.work`
    SELECT count(*)::int AS rows FROM qingdan.signer WHERE public_key LIKE '%PRIVATE%'`
  t.same(stored, { rows: 0 })
})

t.test('the key of the service is the same for all callers', async (t) => {
  const { fingerprint, publicKey } = await loadServiceKey(context)
  const answer = await get('/v1/service-key.asc')
  t.equal(answer.status, 200)
  t.match(answer.headers['content-type'], 'application/pgp-keys')
  t.equal(answer.text, publicKey)
  t.equal((await readPublicKey(answer.text)).fingerprint, fingerprint)
  const shown = await cli('service')
  t.equal(shown.stdout.trimEnd(), publicKey.trimEnd())
  t.match(shown.stderr, fingerprint)
  t.notMatch(shown.stdout + shown.stderr + answer.text, /PRIVATE/)
})
