/** Addresses that no one on the Internet has. */

import { BlockList, isIP } from 'node:net'

const PRIVATE = new BlockList()
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv4')
PRIVATE.addAddress('::1', 'ipv6')
PRIVATE.addSubnet('fc00::', 7, 'ipv6')
PRIVATE.addSubnet('fe80::', 10, 'ipv6')

/**
 * Whether an address is one of this machine or of a private network (RFC 1918, RFC 4193, loopback and link-local ones).
 * An IPv4 address in IPv6 counts as what it is; anything that is no address is not private.
 */
export function isPrivateAddress(address: string): boolean {
  const plain = address.replace(/%.*$/s, '')
  const version = isIP(plain)
  return version !== 0 && PRIVATE.check(plain, version === 4 ? 'ipv4' : 'ipv6')
}
