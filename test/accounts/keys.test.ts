import t from 'tap'
import {
  createKey,
  findCaller,
  listKeys,
  requireScope,
  revokeKey,
  writeAudit,
} from '../../src/accounts/index.ts'
import { perDayMax, perMinuteMax } from '../../src/accounts/keys/quota.ts'
import { networksMax } from '../../src/accounts/networks.ts'
import { buildApp } from '../../src/app.ts'
import { anonymousCaller, type Scope } from '../../src/platform/caller.ts'
import { Problem } from '../../src/platform/problem.ts'
import { testDatabase } from '../support/database.ts'
import { unconnectedContext } from '../support/unconnected-context.ts'

const now = new Date('2026-03-01T04:00:00Z')
const by = { clock: () => now, actor: 'cli:test' }

/** The code of the problem that a call throws. */
async function codeOf(work: () => unknown): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (error instanceof Problem) return error.code
    throw error
  }
}

t.test('keys', async (t) => {
  const { database } = await testDatabase(t)
  const events: unknown[] = []
  const context = {
    database,
    observe: (name: string, facts?: object) => {
      events.push([name, facts])
    },
  }
  const find = (header: string | undefined, at = now) =>
    findCaller(context, header, { sender: '127.0.0.1', now: at })

  await t.test('a key is returned once, and only its digest is stored', async (t) => {
    const { id, secret } = await createKey(database, { label: 'district 1', scopes: ['ingest'] }, by)
    t.match(secret, new RegExp(`^qd_${id}_[A-Za-z0-9_-]{43}$`))
    const rows = await database.work`select * from qingdan.key where id = ${id}`
    t.notOk(JSON.stringify(rows).includes(secret.split('_').slice(2).join('_')))
    t.match(rows[0]?.['digest'], /^[0-9a-f]{64}$/)
    const [listed] = await listKeys(database)
    t.same(listed, { id, label: 'district 1', scopes: ['ingest'], createdAt: now })
    t.same(await find(`Bearer ${secret}`), { keyId: id, scopes: ['ingest'] })
    t.same(
      await find(`bearer  ${secret}`),
      { keyId: id, scopes: ['ingest'] },
      'the scheme is case-insensitive',
    )
  })

  await t.test('the caller has the restrictions of its key', async (t) => {
    const request = {
      label: 'narrow',
      scopes: ['read-restricted', 'ingest'] as const,
      provider: 'bureau-a',
      datasets: ['rooms', 'closed'],
      expiresAt: new Date('2026-03-01T04:00:01Z'),
    }
    const { id, secret } = await createKey(database, request, by)
    t.same(await find(`Bearer ${secret}`), {
      keyId: id,
      scopes: ['read-restricted', 'ingest'],
      provider: 'bureau-a',
      datasets: ['rooms', 'closed'],
    })
    t.equal(
      await codeOf(() => find(`Bearer ${secret}`, request.expiresAt)),
      'key-invalid',
      'the key expires on time',
    )
    t.same(events.pop(), ['key-refused', { reason: 'expired' }])
  })

  await t.test('an invalid key is never treated as no key', async (t) => {
    const one = await createKey(database, { label: 'one', scopes: ['publish'] }, by)
    const two = await createKey(database, { label: 'two', scopes: ['admin'] }, by)
    t.equal(await find(undefined), anonymousCaller)
    const [, , ...secretOfTwo] = two.secret.split('_')
    const refused = [
      ['', 'malformed'],
      ['Bearer', 'malformed'],
      [one.secret, 'malformed'],
      [`Basic ${one.secret}`, 'malformed'],
      [`Bearer ${one.secret} `, 'malformed'],
      [`Bearer ${one.secret}x`, 'malformed'],
      [`Bearer ${one.secret.slice(0, -1)}`, 'malformed'],
      [`Bearer qd_' or 1=1 --_${'a'.repeat(43)}`, 'malformed'],
      [`Bearer ${' '.repeat(500)}${one.secret}`, 'malformed'],
      [`Bearer qd_${'0'.repeat(18)}_${'a'.repeat(43)}`, 'unknown'],
      [`Bearer qd_${one.id}_${secretOfTwo.join('_')}`, 'wrong-secret'],
    ] as const
    for (const [header, reason] of refused) {
      t.equal(await codeOf(() => find(header)), 'key-invalid', reason)
      t.same(events.pop(), ['key-refused', { reason }])
    }
  })

  await t.test('a revoked key is refused', async (t) => {
    const { id, secret } = await createKey(database, { label: 'short', scopes: ['admin'] }, by)
    t.equal(await revokeKey(database, id, by), true)
    t.equal(await revokeKey(database, id, { ...by, clock: () => new Date(0) }), true)
    t.equal(await revokeKey(database, 'nope', by), false)
    t.equal(await codeOf(() => find(`Bearer ${secret}`)), 'key-invalid')
    t.same(events.pop(), ['key-refused', { reason: 'revoked' }])
    const found = (await listKeys(database)).find((key) => key.id === id)
    t.same(found?.revokedAt, now, 'a second revocation changes nothing')
    const audits =
      await database.work`select at, actor, action from qingdan.audit where subject = ${`key:${id}`} order by id`
    t.same(
      audits.map((row) => ({ ...row })),
      [
        { at: now, actor: 'cli:test', action: 'key-created' },
        { at: now, actor: 'cli:test', action: 'key-revoked' },
      ],
    )
  })

  await t.test('a key with invalid properties is not created', async (t) => {
    const before = (await listKeys(database)).length
    const good = { label: 'x', scopes: ['admin'] as readonly Scope[] }
    for (const bad of [
      { ...good, label: ' ' },
      { ...good, label: 'x'.repeat(201) },
      { ...good, scopes: [] },
      { ...good, scopes: ['everything' as Scope] },
      { ...good, datasets: [] },
      { ...good, expiresAt: now },
      { ...good, expiresAt: new Date('x') },
      { ...good, scopes: ['read-shared', 'read-restricted'] as const },
      { ...good, quota: { perMinute: 0 } },
      { ...good, quota: { perMinute: 1.5 } },
      { ...good, quota: { perMinute: perMinuteMax + 1 } },
      { ...good, quota: { perDay: 0 } },
      { ...good, quota: { perDay: perDayMax + 1 } },
      { ...good, addresses: [] },
      { ...good, addresses: Array<string>(networksMax + 1).fill('192.0.2.1') },
      { ...good, addresses: ['192.0.2.0/33'] },
    ]) {
      t.equal(await codeOf(() => createKey(database, bad, by)), 'parameter-invalid')
    }
    t.equal((await listKeys(database)).length, before)
    const widest = {
      label: 'widest',
      scopes: ['read-shared'] as const,
      quota: { perMinute: perMinuteMax, perDay: perDayMax },
      addresses: Array<string>(networksMax).fill('192.0.2.1'),
    }
    await createKey(database, widest, by)
    const found = (await listKeys(database)).find(({ label }) => label === 'widest')
    t.match(found, { quota: widest.quota, addresses: widest.addresses }, 'the limits themselves are accepted')
  })

  await t.test('an audit entry is committed or rolled back with its transaction', async (t) => {
    const entry = {
      at: now,
      actor: 'cli:test',
      action: 'tried',
      subject: 'nothing',
      detail: { n: 1, why: '"q"' },
    }
    const tried = database.work.begin(async (tx) => {
      await writeAudit(tx, entry)
      throw new Error('rolled back')
    })
    await t.rejects(tried, /rolled back/)
    const count = () => database.work`select detail from qingdan.audit where action = 'tried'`
    t.equal((await count()).length, 0)
    await writeAudit(database.work, entry)
    t.same((await count())[0]?.['detail'], { n: 1, why: '"q"' })
  })

  await t.test('the key over HTTP', async (t) => {
    const { context: http, lines } = unconnectedContext({ QINGDAN_RATE_PER_MINUTE: '4' }, { database })
    const app = await buildApp(http)
    t.teardown(() => app.close())
    const good = await createKey(database, { label: 'http', scopes: ['ingest'], datasets: ['rooms'] }, by)
    const getKey = async (authorization?: string) => {
      const headers = authorization === undefined ? {} : { authorization }
      const answer = await app.inject({ url: '/v1/key', headers })
      return { status: answer.statusCode, body: answer.json() }
    }
    t.match(await getKey(), { status: 401, body: { code: 'key-missing' } })
    t.same(await getKey(`Bearer ${good.secret}`), {
      status: 200,
      body: {
        ...{ id: good.id, label: 'http', scopes: ['ingest'], datasets: ['rooms'], expiresAt: null },
        ...{ quota: [], feed: null, usage: [] },
      },
    })
    const wrong = `Bearer qd_${good.id}_${'a'.repeat(43)}`
    for (let i = 0; i < 4; i++) t.match(await getKey(wrong), { status: 401, body: { code: 'key-invalid' } })
    t.match(await getKey(wrong), { status: 429, body: { code: 'rate-limited' } }, 'guessing is rate-limited')
    t.equal(
      (await getKey(`Bearer ${good.secret}`)).status,
      429,
      'a valid key from the same address waits too, so that the response does not reveal a correct guess',
    )
    const elsewhere = (n: number) =>
      app.inject({
        url: '/v1/key',
        headers: { authorization: `Bearer ${good.secret}` },
        remoteAddress: `192.0.2.${n}`,
      })
    t.same(
      [
        (await elsewhere(1)).statusCode,
        (await elsewhere(2)).statusCode,
        (await elsewhere(3)).statusCode,
        (await elsewhere(4)).statusCode,
      ],
      [200, 200, 200, 429],
      'a key has one count for all addresses',
    )
    t.notMatch(lines.join(''), new RegExp(`${good.secret.slice(-43)}|a{43}`), 'no log line contains a secret')
    t.match((await app.inject('/metrics')).body, /qingdan_key_refused_total\{reason="wrong-secret"\} 4/)
  })
})

t.test('scopes', async (t) => {
  t.equal(await codeOf(() => requireScope(anonymousCaller, 'ingest')), 'key-missing')
  t.equal(await codeOf(() => requireScope({ keyId: 'a', scopes: ['ingest'] }, 'publish')), 'scope-missing')
  t.equal(await codeOf(() => requireScope({ keyId: 'a', scopes: ['ingest'] }, 'ingest')), undefined)
})
