/** The proxies in front of us that are believed what they say of the client (SRV-71, SRV-72, APP-36). */

import type { Fields } from '../protocols/core/fields.js'
import { AddressRanges, isAddress, normalAddress } from './address-ranges.js'
import { ForwardedError, type Hop, readForwarded, readXForwarded } from './forwarded.js'
import { HttpError } from './http-error.js'

/** A field that proxies tell of the client in. */
export type ForwardedField = 'forwarded' | 'x-forwarded-for' | 'x-forwarded-proto' | 'x-forwarded-host'

/**
 * Addresses (`10.0.0.5`, `fd00::1`), ranges (`10.0.0.0/8`), and names: `loopback`, `private` (that and all private
 * networks), `unix` (whoever comes by a Unix socket, or in memory).
 */
export type ProxyList = readonly string[]

/** Which proxies are believed, and which fields they write. */
export interface TrustedProxyOptions {
  readonly addresses: ProxyList
  /** Only these are looked at: those that the proxies set themselves, whatever a client has sent. Default all. */
  readonly fields?: readonly ForwardedField[]
}

/** Where a request has come from. */
export interface Origin {
  readonly address: string
  /** Undefined: as the connection is. */
  readonly scheme: Hop['scheme']
  /** Undefined: as the request says itself. */
  readonly host: string | undefined
}

const FIELDS: readonly ForwardedField[] = ['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host']
const UNIX = 'unix'

/** The trusted proxies of an engine. */
export class TrustedProxies {
  readonly #ranges: AddressRanges
  readonly #unix: boolean
  readonly #fields: ReadonlySet<ForwardedField>
  /** Whom was asked about last: most requests come through one proxy. */
  #lastPeer: string | undefined
  #trustsLast = false

  /** Throws `TypeError` for a range or a field that is none. */
  constructor(proxies: ProxyList | TrustedProxyOptions) {
    const { addresses, fields = FIELDS } = isList(proxies) ? { addresses: proxies } : proxies
    if (!isList(addresses)) throw new TypeError('trustedProxies.addresses is missing')
    this.#unix = addresses.includes(UNIX)
    this.#ranges = new AddressRanges(addresses.filter((each) => each !== UNIX))
    this.#fields = new Set(fields)
  }

  /** Whether a peer is one of them; one at a Unix socket has no IP address. */
  trusts(address: string): boolean {
    if (address !== this.#lastPeer) {
      this.#trustsLast = this.#ranges.has(address) || (this.#unix && !isAddress(address))
      this.#lastPeer = address
    }
    return this.#trustsLast
  }

  /**
   * Where a request has come from: from the peer, unless that is one of ours and says something else. Throws
   * `HttpError` 400 when what it says is malformed, or it says one thing in Forwarded and another in X-Forwarded-*: one
   * of them is the client's.
   */
  originOf(peer: string, fields: Fields): Origin {
    const own = normalAddress(peer) ?? peer
    if (!this.trusts(peer)) return { address: own, scheme: undefined, host: undefined }
    try {
      const { address, scheme, host } = this.#said(fields)
      return { address: address ?? own, scheme, host }
    } catch (error) {
      if (!(error instanceof ForwardedError)) throw error
      throw new HttpError(400, `What the request says of its way cannot be: ${error.message}`)
    }
  }

  #said(fields: Fields): Hop {
    const trusts = (address: string): boolean => this.#ranges.has(address)
    const forwarded = this.#value(fields, 'forwarded')
    const older = readXForwarded(
      {
        for: this.#value(fields, 'x-forwarded-for'),
        proto: this.#value(fields, 'x-forwarded-proto'),
        host: this.#value(fields, 'x-forwarded-host'),
      },
      trusts,
    )
    if (forwarded === undefined) return older
    const newer = readForwarded(forwarded, trusts)
    return {
      address: agreed(newer.address, older.address),
      scheme: agreed(newer.scheme, older.scheme),
      host: agreed(newer.host?.toLowerCase(), older.host?.toLowerCase()),
    }
  }

  #value(fields: Fields, name: ForwardedField): string | undefined {
    return this.#fields.has(name) ? fields.get(name) : undefined
  }
}

function agreed<Text extends string>(one: Text | undefined, other: Text | undefined): Text | undefined {
  if (one !== undefined && other !== undefined && one !== other)
    throw new ForwardedError('Forwarded and X-Forwarded-* differ')
  return one ?? other
}

function isList(proxies: unknown): proxies is ProxyList {
  return Array.isArray(proxies)
}

/** The fields that there are. */
export const forwardedFields: readonly string[] = FIELDS
