/**
 * Networks that a key may be used from, as CIDR: `192.0.2.0/24`, `2001:db8::/32`, or one address. Anything
 * else is refused; an IPv4 address mapped into IPv6 counts as IPv4.
 */
import { BlockList, isIP, isIPv4 } from 'node:net'

/** Networks of one key: they describe an organisation, not its individual people. */
export const networksMax = 50

const bits = { ipv4: 32, ipv6: 128 } as const

interface Network {
  readonly address: string
  readonly prefix: number
  readonly family: keyof typeof bits
}

/** Whether a text is a network. IPv4-mapped IPv6 (`::ffff:…`) is not accepted: write it as IPv4. */
export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== undefined
}

/** Whether an address is inside one of the networks; false for anything that is not an address. */
export function isWithin(networks: readonly string[], sender: string): boolean {
  // A link-local address carries its interface after `%`, which has a meaning on this machine only.
  const [address = ''] = sender.split('%')
  if (isIP(address) === 0) return false
  const list = new BlockList()
  for (const text of networks) {
    const network = parseNetwork(text)
    if (network !== undefined) list.addSubnet(network.address, network.prefix, network.family)
  }
  return list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
}

function parseNetwork(text: string): Network | undefined {
  const [, address = '', length] = /^([0-9A-Fa-f.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  if (isIP(address) === 0 || /^::ffff:/i.test(address)) return undefined
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  const prefix = length === undefined ? bits[family] : Number(length)
  return prefix <= bits[family] ? { address, prefix, family } : undefined
}
