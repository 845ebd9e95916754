import t from 'tap'
import { listUsage } from '../../src/accounts/index.ts'
import { buildUsageCounter, countsMax } from '../../src/accounts/usage/usage-counter.ts'
import { administer, testDatabase } from '../support/database.ts'

const settings = { QINGDAN_USAGE_RETENTION_DAYS: 3 }

async function open(t: Parameters<typeof testDatabase>[0], at = '2026-03-10T04:00:00Z') {
  const { database, url } = await testDatabase(t)
  let now = new Date(at)
  const seen: string[] = []
  const account = buildUsageCounter({
    ...{ config: settings, database },
    clock: () => now,
    observe: (name) => void seen.push(name),
  })
  const all = () => listUsage(database.serve, { from: '2000-01-01', to: '2099-12-31' })
  const moveTo = (instant: string) => {
    now = new Date(instant)
  }
  return { account, all, database, moveTo, seen, url }
}

t.test('counts wait, are written once, and add up over writes', async (t) => {
  const { account, all } = await open(t)
  const addBytes = account.count({ keyId: 'a', dataset: 'rooms' }, false)
  account.count({ keyId: 'a', dataset: 'rooms' }, true)
  account.count({ keyId: 'b', dataset: '' }, false)
  addBytes(10)
  t.same(await all(), [])
  await account.flush()
  const first = { keyId: 'a', day: '2026-03-10', dataset: 'rooms', requests: 2, refused: 1, bytes: 10 }
  const second = { keyId: 'b', day: '2026-03-10', dataset: '', requests: 1, refused: 0, bytes: 0 }
  t.same(await all(), [first, second])
  await account.flush()
  t.same(await all(), [first, second], 'nothing is written twice')
  addBytes(5)
  account.count({ keyId: 'a', dataset: 'rooms' }, false)
  await account.close()
  t.same(await all(), [{ ...first, requests: 3, bytes: 15 }, second], 'what is left is written at the end')
})

t.test('what could not be written waits on, and is written once', async (t) => {
  const { account, all, seen, url } = await open(t)
  account.count({ keyId: 'a', dataset: '' }, false)
  account.see('a', { cursor: 'c', position: 1, types: null, datasets: null })
  await administer(url, (sql) => sql.query('alter table qingdan.key_cursor rename to away'))
  await t.rejects(account.flush())
  account.count({ keyId: 'a', dataset: '' }, true)
  await account.close()
  t.same(seen, ['job-failed'])
  t.same(await all(), [], 'not even the half of it')
  await administer(url, (sql) => sql.query('alter table qingdan.away rename to key_cursor'))
  await account.flush()
  t.match(await all(), [{ requests: 2, refused: 1 }])
})

t.test('so many counts wait, and one more is lost and said', async (t) => {
  const { account, database, seen } = await open(t)
  for (let n = 0; n < countsMax; n += 1) account.count({ keyId: 'a', dataset: `d${n}` }, false)
  t.same(seen, [])
  account.count({ keyId: 'a', dataset: 'd0' }, false)
  t.same(seen, [], 'what is known already takes no room')
  account.count({ keyId: 'a', dataset: 'more' }, false)
  t.same(seen, ['usage-count-lost'])
  await account.flush()
  const [row] = await database.work`select count(*)::int, sum(requests)::int from qingdan.key_usage`
  t.same({ ...row }, { count: countsMax, sum: countsMax + 1 })
})

t.test('usage goes after its days, in Shanghai', async (t) => {
  const { account, all, moveTo } = await open(t)
  const days = async () => (await all()).map(({ day }) => day)
  for (const instant of ['2026-03-10T04:00:00Z', '2026-03-10T16:00:00Z', '2026-03-12T04:00:00Z']) {
    moveTo(instant)
    account.count({ keyId: 'a', dataset: '' }, false)
    await account.flush()
  }
  t.same(await days(), ['2026-03-10', '2026-03-11', '2026-03-12'], 'three days are kept')
  moveTo('2026-03-12T15:59:59Z')
  await account.flush()
  t.equal((await days()).length, 3, 'until the last second of the third')
  moveTo('2026-03-12T16:00:00Z')
  await account.flush()
  t.same(await days(), ['2026-03-11', '2026-03-12'])
})

t.test('the cursor that was presented last stays, whoever writes first', async (t) => {
  const { account, database, moveTo } = await open(t)
  const cursor = { types: null, datasets: ['rooms'] }
  const other = buildUsageCounter({
    ...{ config: settings, database },
    clock: () => new Date('2026-03-10T04:00:01Z'),
    observe: () => undefined,
  })
  other.see('a', { ...cursor, cursor: 'later', position: 7 })
  account.see('a', { ...cursor, cursor: 'earlier', position: 9 })
  await other.close()
  await account.close()
  const read = () => database.work`select cursor, position::int, datasets from qingdan.key_cursor`
  t.match(await read(), [{ cursor: 'later', position: 7, datasets: ['rooms'] }])
  moveTo('2026-03-10T04:00:02Z')
  account.see('a', { ...cursor, cursor: 'back again', position: 2 })
  await account.close()
  t.match(await read(), [{ cursor: 'back again', position: 2 }], 'a client that begins anew is seen')
})
