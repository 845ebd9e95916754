import t from 'tap'
import { countRequest, readQuota } from '../../src/accounts/index.ts'
import { testDatabase } from '../support/database.ts'

t.test('windows of a key', async (t) => {
  const { database } = await testDatabase(t)
  const at = (instant: string) => new Date(instant)
  const quota = { perMinute: 2, perDay: 3 }
  const ask = async (instant: string, key = 'a', asked: typeof quota | object = quota) =>
    (await countRequest(database, key, asked, at(instant))).map(
      ({ name, left, isOver }) => `${name} ${left}${isOver ? ' over' : ''}`,
    )

  await t.test('a minute of the clock, and what is refused by it takes nothing from the day', async (t) => {
    t.same(await ask('2026-03-10T04:00:58Z'), ['minute 1', 'day 2'])
    t.same(await ask('2026-03-10T04:00:59Z'), ['minute 0', 'day 1'])
    t.same(await ask('2026-03-10T04:00:59.999Z'), ['minute 0 over', 'day 1'])
    t.same(await ask('2026-03-10T04:01:00Z'), ['minute 1', 'day 0'])
  })

  await t.test('a day in Shanghai', async (t) => {
    t.same(await ask('2026-03-10T04:01:00Z'), ['minute 0', 'day 0 over'])
    t.same(await ask('2026-03-10T15:59:59.999Z'), ['minute 1', 'day 0 over'])
    const [minute, day] = await countRequest(database, 'a', quota, at('2026-03-10T16:00:00Z'))
    t.match(minute, { left: 1, windowSeconds: 60, resetsAt: at('2026-03-10T16:01:00Z') })
    t.match(day, { left: 2, windowSeconds: 86_400, resetsAt: at('2026-03-11T16:00:00Z') })
  })

  await t.test('each key has its own, and one alone may be agreed', async (t) => {
    t.same(await ask('2026-03-10T16:00:00Z', 'b', { perDay: 1 }), ['day 0'])
    t.same(await ask('2026-03-10T16:00:00Z', 'b', { perDay: 1 }), ['day 0 over'])
    t.same(await ask('2026-03-10T16:00:00Z', 'c', { perMinute: 1 }), ['minute 0'])
    t.same(await ask('2026-03-10T16:00:01Z', 'c', { perMinute: 1 }), ['minute 0 over'])
  })

  await t.test('a clock that is behind opens no window twice', async (t) => {
    await ask('2026-03-12T16:00:00Z', 'd')
    await ask('2026-03-12T16:00:01Z', 'd')
    t.same(await ask('2026-03-12T15:59:59Z', 'd'), ['minute 0 over', 'day 1'])
  })

  await t.test('looking counts nothing, and a window that is over is free', async (t) => {
    const look = async (instant: string, key: string) =>
      (await readQuota(database, key, quota, at(instant))).map(({ name, left }) => `${name} ${left}`)
    t.same(await look('2026-03-12T16:00:30Z', 'd'), ['minute 0', 'day 1'])
    t.same(await look('2026-03-12T16:01:00Z', 'd'), ['minute 2', 'day 1'])
    t.same(await look('2026-03-13T16:00:00Z', 'd'), ['minute 2', 'day 3'])
    t.same(await look('2026-03-12T16:00:30Z', 'nobody'), ['minute 2', 'day 3'])
  })

  await t.test('many at once are counted one by one', async (t) => {
    const asked = Array.from({ length: 60 }, () =>
      countRequest(database, 'e', { perDay: 25 }, at('2026-03-10T04:00:00Z')),
    )
    const over = (await Promise.all(asked)).filter(([day]) => day?.isOver === true)
    t.equal(over.length, 35)
  })
})
