/** IP addresses and ranges of them. They are compared as octets, never as text. */

import { BlockList, isIP, SocketAddress } from 'node:net'

const LOOPBACK = ['127.0.0.0/8', '::1']
const PRIVATE = [
  ...LOOPBACK,
  '10.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fc00::/7',
  'fe80::/10',
]

/** Ranges that have a name: this machine, and with it all private networks (RFC 1918, RFC 3927, RFC 4193, RFC 4291). */
const NAMED: ReadonlyMap<string, readonly string[]> = new Map([
  ['loopback', LOOPBACK],
  ['private', PRIVATE],
])

const MAPPED = '::ffff:'
const MAPPED_BITS = 96
const IPV6_TEXT_MAX = 45

/**
 * The one form of an address: an IPv4 address in IPv6 (RFC 4291 section 2.5.5.2) is that IPv4 address, any other is
 * shortened as far as it can be (RFC 5952). Undefined for what is no address; one with a zone is none, either.
 */
export function normalAddress(text: string): string | undefined {
  // A regular expression of Node's looks at it: what is longer than any address is none.
  if (text.length > IPV6_TEXT_MAX || text.includes('%')) return undefined
  const version = isIP(text)
  if (version !== 6) return version === 4 ? text : undefined
  const { address } = new SocketAddress({ address: text, family: 'ipv6' })
  return address.startsWith(MAPPED) && address.includes('.') ? address.slice(MAPPED.length) : address
}

/** Whether a text is an IP address, with a zone perhaps. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0
}

/** A set of addresses. */
export class AddressRanges {
  readonly #list: BlockList = new BlockList()

  /** Throws `TypeError` for a range that is no address, no address with the length of a prefix, and no known name. */
  constructor(ranges: readonly string[]) {
    for (const range of ranges) for (const each of NAMED.get(range) ?? [range]) this.#add(each)
  }

  /** Whether an address is in it; what is no address is not. The zone of an address does not count. */
  has(address: string): boolean {
    const plain = normalAddress(address.replace(/%.*$/s, ''))
    return plain !== undefined && this.#list.check(plain, familyOf(plain))
  }

  #add(range: string): void {
    const [, text = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(range) ?? []
    const address = normalAddress(text)
    if (address === undefined) throw notRange(range)
    const family = familyOf(address)
    if (bits === undefined) return this.#list.addAddress(address, family)
    // The prefix of an IPv4 address in IPv6 counts the bits in front of it, too.
    const prefix = Number(bits) - (family === 'ipv4' && text.includes(':') ? MAPPED_BITS : 0)
    if (prefix < 0 || prefix > (family === 'ipv4' ? 32 : 128)) throw notRange(range)
    this.#list.addSubnet(address, prefix, family)
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}

function notRange(range: string): TypeError {
  const names = [...NAMED.keys()].join(', ')
  return new TypeError(`not an address, a range as 10.0.0.0/8, or one of ${names}: ${JSON.stringify(range)}`)
}
