import t from 'tap'
import { countRequest, readQuota } from '../../src/accounts/index.ts'
import { testDatabase } from '../support/database.ts'

t.test('quota windows of a key', async (t) => {
  const { database } = await testDatabase(t)
  const at = (instant: string) => new Date(instant)
  const quota = { perMinute: 2, perDay: 3 }
  const count = async (instant: string, key = 'a', keyQuota: typeof quota | object = quota) =>
    (await countRequest(database, key, keyQuota, at(instant))).map(
      ({ name, left, isOver }) => `${name} ${left}${isOver ? ' over' : ''}`,
    )

  await t.test('calendar minutes; a request refused by the minute does not count for the day', async (t) => {
    t.same(await count('2026-03-10T04:00:58Z'), ['minute 1', 'day 2'])
    t.same(await count('2026-03-10T04:00:59Z'), ['minute 0', 'day 1'])
    t.same(await count('2026-03-10T04:00:59.999Z'), ['minute 0 over', 'day 1'])
    t.same(await count('2026-03-10T04:01:00Z'), ['minute 1', 'day 0'])
  })

  await t.test('days are those of Shanghai', async (t) => {
    t.same(await count('2026-03-10T04:01:00Z'), ['minute 0', 'day 0 over'])
    t.same(await count('2026-03-10T15:59:59.999Z'), ['minute 1', 'day 0 over'])
    const [minute, day] = await countRequest(database, 'a', quota, at('2026-03-10T16:00:00Z'))
    t.match(minute, { left: 1, windowSeconds: 60, resetsAt: at('2026-03-10T16:01:00Z') })
    t.match(day, { left: 2, windowSeconds: 86_400, resetsAt: at('2026-03-11T16:00:00Z') })
  })

  await t.test('each key has its own counts, and a quota may have one limit only', async (t) => {
    t.same(await count('2026-03-10T16:00:00Z', 'b', { perDay: 1 }), ['day 0'])
    t.same(await count('2026-03-10T16:00:00Z', 'b', { perDay: 1 }), ['day 0 over'])
    t.same(await count('2026-03-10T16:00:00Z', 'c', { perMinute: 1 }), ['minute 0'])
    t.same(await count('2026-03-10T16:00:01Z', 'c', { perMinute: 1 }), ['minute 0 over'])
  })

  await t.test('a clock that is behind does not reopen a window', async (t) => {
    await count('2026-03-12T16:00:00Z', 'd')
    await count('2026-03-12T16:00:01Z', 'd')
    t.same(await count('2026-03-12T15:59:59Z', 'd'), ['minute 0 over', 'day 1'])
  })

  await t.test('reading counts nothing, and a past window is empty', async (t) => {
    const read = async (instant: string, key: string) =>
      (await readQuota(database, key, quota, at(instant))).map(({ name, left }) => `${name} ${left}`)
    t.same(await read('2026-03-12T16:00:30Z', 'd'), ['minute 0', 'day 1'])
    t.same(await read('2026-03-12T16:01:00Z', 'd'), ['minute 2', 'day 1'])
    t.same(await read('2026-03-13T16:00:00Z', 'd'), ['minute 2', 'day 3'])
    t.same(await read('2026-03-12T16:00:30Z', 'nobody'), ['minute 2', 'day 3'])
  })

  await t.test('concurrent requests are all counted', async (t) => {
    const requests = Array.from({ length: 60 }, () =>
      countRequest(database, 'e', { perDay: 25 }, at('2026-03-10T04:00:00Z')),
    )
    const over = (await Promise.all(requests)).filter(([day]) => day?.isOver === true)
    t.equal(over.length, 35)
  })
})
