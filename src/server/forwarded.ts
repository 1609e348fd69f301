/** What proxies say of the request that they hand on: Forwarded (RFC 7239), and the X-Forwarded-* fields before it. */

import { isAuthority, isToken } from '../protocols/core/http-syntax.js'
import { normalAddress } from './address-ranges.js'

/** What was said; what was not is undefined. */
export interface Hop {
  /** The address of the client, in its one form. */
  readonly address: string | undefined
  readonly scheme: 'http' | 'https' | undefined
  /** Host and optional port. */
  readonly host: string | undefined
}

/** The peer cannot be believed, since it says what nobody can mean. */
export class ForwardedError extends Error {
  override readonly name = 'ForwardedError'
}

/** Whether the proxy at an address is one of ours. */
export type Trusts = (address: string) => boolean

/** Proxies behind each other at the most: what stands further away is not looked at. */
const HOPS_MAX = 32

/** One element of Forwarded: parameters by name in lower case. */
export type ForwardedElement = ReadonlyMap<string, string>

const PAIR = /[ \t]*(?:([^\s=;,"]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s=;,"]+))[ \t]*)?(;|,|$)/sy
const ELEMENTS_MAX = 1000

/**
 * Parses Forwarded; undefined when it is malformed. We differ: brackets and colons of an address may stand outside of
 * quotes, as many proxies write them, and blanks beside a semicolon.
 */
export function parseForwarded(value: string): ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = []
  let element = new Map<string, string>()
  PAIR.lastIndex = 0
  for (;;) {
    const match = PAIR.exec(value)
    if (match === null) return undefined
    const [, name, quoted, plain = '', end] = match
    if (name !== undefined) {
      const key = name.toLowerCase()
      const text = quoted === undefined ? plain : quoted.replace(/\\(.)/gs, '$1')
      const right = quoted !== undefined || isToken(plain.replace(/[:[\]]/g, '-'))
      if (!isToken(name) || !right || element.has(key)) return undefined
      element.set(key, text)
    }
    if (end === ';') continue
    if (element.size > 0) elements.push(element)
    if (elements.length > ELEMENTS_MAX) return undefined
    if (end === '') return elements
    element = new Map()
  }
}

/**
 * What Forwarded says. Each proxy adds an element to the right: `for` is whom it has the request from, and only as long
 * as that is one of ours, what stands to the left of it counts. The one nearest to the client tells scheme and host.
 * Throws `ForwardedError`.
 */
export function readForwarded(value: string, trusts: Trusts): Hop {
  const elements = parseForwarded(value)
  if (elements === undefined) throw new ForwardedError('Forwarded is malformed')
  let address: string | undefined
  let scheme: Hop['scheme']
  let host: string | undefined
  for (const element of elements.slice(-HOPS_MAX).toReversed()) {
    const said = { scheme: element.get('proto'), host: element.get('host') }
    if (said.scheme !== undefined) scheme = schemeOf(said.scheme)
    if (said.host !== undefined) host = authorityOf(said.host)
    const from = nodeAddress(element.get('for') ?? '')
    // `unknown`, a name that was made up, or nothing: who says it is the last one that is known.
    if (from === undefined) break
    address = from
    if (!trusts(from)) break
  }
  return { address, scheme, host }
}

/** The values of the fields before Forwarded; several lines of one are joined by commas. */
export interface XForwarded {
  readonly for: string | undefined
  readonly proto: string | undefined
  readonly host: string | undefined
}

/**
 * What the X-Forwarded-* fields say. Addresses are read from the right to the first that is none of our proxies; of
 * scheme and host the last value counts, which is that of the proxy in front of us. Throws `ForwardedError`.
 */
export function readXForwarded(said: XForwarded, trusts: Trusts): Hop {
  return {
    address: said.for === undefined ? undefined : lastForeign(said.for, trusts),
    scheme: said.proto === undefined ? undefined : schemeOf(lastOf(said.proto)),
    host: said.host === undefined ? undefined : authorityOf(lastOf(said.host)),
  }
}

function lastForeign(list: string, trusts: Trusts): string | undefined {
  let address: string | undefined
  let end = list.length
  for (let hops = 0; hops < HOPS_MAX && end >= 0; hops++) {
    const comma = end === 0 ? -1 : list.lastIndexOf(',', end - 1)
    const from = nodeAddress(list.slice(comma + 1, end).trim())
    if (from === undefined) break
    address = from
    if (!trusts(from)) break
    end = comma
  }
  return address
}

function lastOf(list: string): string {
  return list.slice(list.lastIndexOf(',') + 1).trim()
}

const NODE = /^(?:\[([^[\]]*)\]|([^[\]:]*))(?::[\w.-]+)?$/

/** The address of a node (RFC 7239 section 6), with or without a port; undefined for a name or anything else. */
export function nodeAddress(node: string): string | undefined {
  const match = NODE.exec(node)
  return normalAddress(match?.[1] ?? match?.[2] ?? node)
}

const SCHEMES: ReadonlyMap<string, 'http' | 'https'> = new Map([
  ['http', 'http'],
  ['https', 'https'],
  // Some proxies say so of a WebSocket.
  ['ws', 'http'],
  ['wss', 'https'],
])

function schemeOf(text: string): 'http' | 'https' {
  const scheme = SCHEMES.get(text.toLowerCase())
  if (scheme === undefined) throw new ForwardedError('the scheme is none of http and https')
  return scheme
}

function authorityOf(text: string): string {
  if (!isAuthority(text) || !URL.canParse(`http://${text}`)) throw new ForwardedError('the host is none')
  return text
}
