import t from 'tap'
import { isNetwork, isWithin } from '../../src/accounts/networks.ts'

t.test('valid and invalid networks', async (t) => {
  for (const text of [
    ...['192.0.2.7', '192.0.2.0/24', '0.0.0.0/0', '192.0.2.9/32', '192.0.2.9/24'],
    ...['2001:db8::/32', '2001:db8::1', '::/0', '::1/128', '2001:DB8:0:0::/64'],
  ]) {
    t.equal(isNetwork(text), true, text)
  }
  for (const text of [
    ...['', '/', '192.0.2.0/33', '192.0.2.0/-1', '192.0.2.0/', '192.0.2/24', '192.0.2.256', '192.0.2.0/24 '],
    ...['2001:db8::/129', '2001:db8:::/32', 'fe80::1%eth0', '::ffff:192.0.2.0/120', '::FFFF:c000:207'],
    ...['example.org', '192.0.2.0/24,198.51.100.0/24', '192.0.2.0/2.4', '10.0.0.0/0x8'],
  ]) {
    t.equal(isNetwork(text), false, text)
  }
})

t.test('addresses inside and outside a network, in both forms of an address', async (t) => {
  const networks = ['192.0.2.0/25', '198.51.100.7', '2001:db8:7::/48', '::1']
  for (const sender of [
    ...['192.0.2.0', '192.0.2.127', '198.51.100.7', '::ffff:192.0.2.127', '::ffff:c000:27f'],
    ...['2001:db8:7::', '2001:db8:7:ffff:ffff:ffff:ffff:ffff', '::1', '::1%lo'],
  ]) {
    t.equal(isWithin(networks, sender), true, sender)
  }
  for (const sender of [
    ...[
      '192.0.1.255',
      '192.0.2.128',
      '198.51.100.6',
      '198.51.100.8',
      '::ffff:192.0.2.128',
      '::ffff:c000:280',
    ],
    ...['2001:db8:6:ffff:ffff:ffff:ffff:ffff', '2001:db8:8::', '::2', '::', '0.0.0.0'],
    ...['', 'localhost', '192.0.2.1:80', 'unknown', '::ffff:192.0.2'],
  ]) {
    t.equal(isWithin(networks, sender), false, sender)
  }
  t.equal(isWithin(['0.0.0.0/0'], '203.0.113.9'), true)
  t.equal(isWithin(['0.0.0.0/0'], '2001:db8::1'), false, 'all of IPv4 contains no IPv6 address')
  t.equal(isWithin(['::/0'], '2001:db8::1'), true)
})
