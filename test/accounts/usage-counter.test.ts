import t from 'tap'
import { listUsage } from '../../src/accounts/index.ts'
import { buildUsageCounter, countsMax } from '../../src/accounts/usage/usage-counter.ts'
import { administer, testDatabase } from '../support/database.ts'

const settings = { QINGDAN_USAGE_RETENTION_DAYS: 3 }

async function open(t: Parameters<typeof testDatabase>[0], at = '2026-03-10T04:00:00Z') {
  const { database, url } = await testDatabase(t)
  let now = new Date(at)
  const events: string[] = []
  const counter = buildUsageCounter({
    ...{ config: settings, database },
    clock: () => now,
    observe: (name) => void events.push(name),
  })
  const all = () => listUsage(database.serve, { from: '2000-01-01', to: '2099-12-31' })
  const moveTo = (instant: string) => {
    now = new Date(instant)
  }
  return { counter, all, database, moveTo, events, url }
}

t.test('counts are buffered, written once, and added up over several writes', async (t) => {
  const { counter, all } = await open(t)
  const addBytes = counter.count({ keyId: 'a', dataset: 'rooms' }, false)
  counter.count({ keyId: 'a', dataset: 'rooms' }, true)
  counter.count({ keyId: 'b', dataset: '' }, false)
  addBytes(10)
  t.same(await all(), [])
  await counter.flush()
  const first = { keyId: 'a', day: '2026-03-10', dataset: 'rooms', requests: 2, refused: 1, bytes: 10 }
  const second = { keyId: 'b', day: '2026-03-10', dataset: '', requests: 1, refused: 0, bytes: 0 }
  t.same(await all(), [first, second])
  await counter.flush()
  t.same(await all(), [first, second], 'nothing is written twice')
  addBytes(5)
  counter.count({ keyId: 'a', dataset: 'rooms' }, false)
  await counter.close()
  t.same(await all(), [{ ...first, requests: 3, bytes: 15 }, second], 'closing writes the pending counts')
})

t.test('counts that could not be written stay pending and are written once later', async (t) => {
  const { counter, all, events, url } = await open(t)
  counter.count({ keyId: 'a', dataset: '' }, false)
  counter.recordCursor('a', { cursor: 'c', position: 1, types: null, datasets: null })
  await administer(url, (sql) => sql.query('alter table qingdan.key_cursor rename to renamed'))
  await t.rejects(counter.flush())
  counter.count({ keyId: 'a', dataset: '' }, true)
  await counter.close()
  t.same(events, ['job-failed'])
  t.same(await all(), [], 'nothing is written partially')
  await administer(url, (sql) => sql.query('alter table qingdan.renamed rename to key_cursor'))
  await counter.flush()
  t.match(await all(), [{ requests: 2, refused: 1 }])
})

t.test('pending counts are limited, and a lost count is logged', async (t) => {
  const { counter, database, events } = await open(t)
  for (let n = 0; n < countsMax; n += 1) counter.count({ keyId: 'a', dataset: `d${n}` }, false)
  t.same(events, [])
  counter.count({ keyId: 'a', dataset: 'd0' }, false)
  t.same(events, [], 'an existing count takes no additional space')
  counter.count({ keyId: 'a', dataset: 'more' }, false)
  t.same(events, ['usage-count-lost'])
  await counter.flush()
  const [row] = await database.work`select count(*)::int, sum(requests)::int from qingdan.key_usage`
  t.same({ ...row }, { count: countsMax, sum: countsMax + 1 })
})

t.test('usage is deleted after the retention days, in Shanghai', async (t) => {
  const { counter, all, moveTo } = await open(t)
  const days = async () => (await all()).map(({ day }) => day)
  for (const instant of ['2026-03-10T04:00:00Z', '2026-03-10T16:00:00Z', '2026-03-12T04:00:00Z']) {
    moveTo(instant)
    counter.count({ keyId: 'a', dataset: '' }, false)
    await counter.flush()
  }
  t.same(await days(), ['2026-03-10', '2026-03-11', '2026-03-12'], 'three days are retained')
  moveTo('2026-03-12T15:59:59Z')
  await counter.flush()
  t.equal((await days()).length, 3, 'until the last second of the third day')
  moveTo('2026-03-12T16:00:00Z')
  await counter.flush()
  t.same(await days(), ['2026-03-11', '2026-03-12'])
})

t.test('the cursor that was presented last is stored, in whichever order they are written', async (t) => {
  const { counter, database, moveTo } = await open(t)
  const cursor = { types: null, datasets: ['rooms'] }
  const other = buildUsageCounter({
    ...{ config: settings, database },
    clock: () => new Date('2026-03-10T04:00:01Z'),
    observe: () => undefined,
  })
  other.recordCursor('a', { ...cursor, cursor: 'later', position: 7 })
  counter.recordCursor('a', { ...cursor, cursor: 'earlier', position: 9 })
  await other.close()
  await counter.close()
  const read = () => database.work`select cursor, position::int, datasets from qingdan.key_cursor`
  t.match(await read(), [{ cursor: 'later', position: 7, datasets: ['rooms'] }])
  moveTo('2026-03-10T04:00:02Z')
  counter.recordCursor('a', { ...cursor, cursor: 'restart', position: 2 })
  await counter.close()
  t.match(await read(), [{ cursor: 'restart', position: 2 }], 'a client that starts again is recorded')
})
