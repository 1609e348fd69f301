/** Addresses that no one on the Internet has. */

import { AddressRanges } from '../address-ranges.js'

const PRIVATE = new AddressRanges(['private'])

/**
 * Whether an address is one of this machine or of a private network (RFC 1918, RFC 4193, loopback and link-local ones).
 * An IPv4 address in IPv6 counts as what it is; anything that is no address is not private.
 */
export function isPrivateAddress(address: string): boolean {
  return PRIVATE.has(address)
}
