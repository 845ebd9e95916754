import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import t from 'tap'
import { addRates, deleteRates } from '../../src/accounts/index.ts'
import { buildSenderOf, networkOf, RateCounts } from '../../src/http/hooks/rate-limit.ts'
import { testDatabase } from '../support/database.ts'

t.test('requests up to the limit are within the rate, one more is not, counted per caller', async (t) => {
  const rate = new RateCounts(2, 60_000)
  t.same([rate.count('a'), rate.wait('a'), rate.count('a')], [0, 0, 0])
  t.equal(rate.wait('a'), 60, 'the next request would be above the rate')
  t.equal(rate.count('a'), 60)
  t.equal(rate.count('b'), 0)
})

t.test('a window ends, however many requests were sent in it', async (t) => {
  const rate = new RateCounts(1, 50)
  t.equal(rate.count('a'), 0)
  t.equal(rate.count('a'), 1, 'at least one second')
  await new Promise((resolve) => setTimeout(resolve, 60))
  t.same([rate.wait('a'), rate.count('a'), rate.count('a')], [0, 0, 1])
})

t.test('senders are counted by network', async (t) => {
  const networks = [
    '192.0.2.7',
    '::ffff:192.0.2.7',
    '2001:db8:0:1::1',
    '2001:db8:0:1:ffff::2',
    '2001:db8:0:2::1',
  ]
  t.same(networks.map(networkOf), ['192.0.2.7', '192.0.2.7', '2001:db8:0:1', '2001:db8:0:1', '2001:db8:0:2'])
  t.same(['', 'unknown', 'a'.repeat(100)].map(networkOf), ['', 'unknown', 'a'.repeat(100)])
})

t.test('the sender is taken from forwarded headers only behind a trusted proxy', async (t) => {
  const from = (remoteAddress: string, forwarded?: string, proxies = '') => {
    const socket = new Socket()
    Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress })
    const request = new IncomingMessage(socket)
    if (forwarded !== undefined) request.headers['x-forwarded-for'] = forwarded
    return buildSenderOf({ QINGDAN_TRUSTED_PROXIES: proxies })(request)
  }
  t.equal(from('198.51.100.1'), '198.51.100.1')
  t.equal(from('127.0.0.1', '192.0.2.1'), '192.0.2.1')
  t.equal(from('127.0.0.1', '192.0.2.9, 192.0.2.1'), '192.0.2.1', 'earlier entries may be forged')
  t.equal(from('198.51.100.1', '192.0.2.1'), '198.51.100.1')
  const proxies = '198.51.100.0/24,2001:db8::7'
  t.equal(from('198.51.100.1', '192.0.2.1', proxies), '192.0.2.1')
  t.equal(from('::ffff:198.51.100.1', '192.0.2.1', proxies), '192.0.2.1', 'IPv4 mapped into IPv6')
  t.equal(from('2001:db8::7', '192.0.2.9, 192.0.2.1, 198.51.100.2', proxies), '192.0.2.1', 'two proxies')
  t.equal(from('203.0.113.1', '192.0.2.1', proxies), '203.0.113.1', 'any other machine')
  t.equal(from('127.0.0.1', '192.0.2.1', proxies), '192.0.2.1', 'this machine as well')
})

t.test('several services on one database add up their counts', async (t) => {
  const { database } = await testDatabase(t)
  const [here, there] = [new RateCounts(10, 60_000), new RateCounts(10, 60_000)]
  for (const rates of [here, there]) rates.collectPending()
  const exchange = async (rates: RateCounts) => {
    for (const [caller, { count, endsIn }] of await addRates(database, rates.takePending()))
      rates.limit(caller, count, endsIn)
  }
  // The minute of the database may end in between, so it is tried again once.
  for (const attempt of [1, 2]) {
    for (let request = 0; request < 6; request += 1) t.equal(here.count(`a${attempt}`), 0)
    for (let request = 0; request < 4; request += 1) t.equal(there.count(`a${attempt}`), 0)
    there.count(`b${attempt}`)
    await exchange(here)
    t.equal(here.wait(`a${attempt}`), 0, 'six are within the rate')
    await exchange(there)
    if (there.wait(`a${attempt}`) > 0) break
    t.equal(attempt, 1)
  }
  t.equal([1, 2].filter((attempt) => there.wait(`a${attempt}`) > 0).length, 1, 'ten are the rate')
  t.equal(there.wait('b1'), 0)
  const rows = await database.work`SELECT caller FROM qingdan.rate_count`
  t.ok(rows.length >= 2 && rows.every(({ caller }) => /^[\w-]{43}$/.test(caller)), 'no address is stored')
  await database.work`UPDATE qingdan.rate_count SET minute = minute - interval '5 minutes'`
  await deleteRates(database)
  t.same(await database.work`SELECT FROM qingdan.rate_count`, [])
})
