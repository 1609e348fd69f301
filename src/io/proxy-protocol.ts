/**
 * The PROXY protocol, versions 1 and 2 (the specification by HAProxy, revision 2020/03/05): what a balancer in front
 * of us writes before the first octet of a connection, to tell who the client is. A pure reader of that header.
 */

import { isIPv4, isIPv6 } from 'node:net'
import type { Endpoint } from './transport.js'

/** What a header tells. */
export interface ProxyHeader {
  readonly version: 1 | 2
  /**
   * `proxied`: the addresses are those of the client's connection to the balancer. `unknown`: the balancer cannot
   * tell them (UNKNOWN, UNSPEC). `local`: it speaks for itself, a health check. In the latter two both endpoints are
   * empty.
   */
  readonly kind: 'proxied' | 'unknown' | 'local'
  /** The client; for a Unix socket its path. */
  readonly source: Endpoint
  /** What the client connected to. */
  readonly destination: Endpoint
}

/** Why a header was refused. */
export type ProxyFault = keyof typeof proxyFaults

/** Every fault with a text. */
export const proxyFaults: Readonly<
  Record<
    'PROXY_SIGNATURE' | 'PROXY_SYNTAX' | 'PROXY_TOO_LONG' | 'PROXY_VERSION' | 'PROXY_FAMILY' | 'PROXY_TRUNCATED',
    string
  >
> = {
  PROXY_SIGNATURE: 'The connection does not begin with a PROXY header',
  PROXY_SYNTAX: 'The PROXY line is malformed',
  PROXY_TOO_LONG: 'The PROXY header is too long',
  PROXY_VERSION: 'The version or the command of the PROXY header is unknown',
  PROXY_FAMILY: 'The address family or the transport of the PROXY header is unknown',
  PROXY_TRUNCATED: 'The PROXY header is shorter than the addresses that it announces',
}

/** What a reader has come to. */
export type ProxyRead =
  | { readonly type: 'more' }
  | {
      readonly type: 'header'
      readonly header: ProxyHeader
      /** The octets behind the header; a view of the last chunk, empty when there are none. */
      readonly rest: Uint8Array
    }
  | { readonly type: 'fault'; readonly code: ProxyFault }

/** The longest header of version 1 with its line end: 107 octets by section 2.1. */
const LINE_BYTES_MAX = 107

/** Addresses and extensions of version 2. All that are in use together fit in a quarter of it. */
const PAYLOAD_BYTES_MAX = 4096

const SIGNATURE_1 = Buffer.from('PROXY ')
const SIGNATURE_2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n')
const HEAD_2_BYTES = 16
const CR = 0x0d
const LF = 0x0a

const MORE: ProxyRead = { type: 'more' }
const NOWHERE: Endpoint = { address: '', port: 0 }

/** Reads the header of one connection. Any cut of the input into chunks gives the same result. */
export class ProxyProtocolReader {
  readonly #payloadBytesMax: number
  #held: Uint8Array = new Uint8Array(0)

  /** `payloadBytesMax` limits the addresses and extensions of version 2, in octets. */
  constructor(payloadBytesMax: number = PAYLOAD_BYTES_MAX) {
    this.#payloadBytesMax = payloadBytesMax
  }

  /** Takes the next chunk, which is not kept. To be called until the result is not `more`, and not again. */
  receive(chunk: Uint8Array): ProxyRead {
    const heldBytes = this.#held.length
    const bytes = heldBytes === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const result = readHeader(bytes, this.#payloadBytesMax)
    if (result.type === 'more') this.#held = Uint8Array.from(bytes)
    else this.#held = new Uint8Array(0)
    return result
  }
}

/** Judges what can be judged, from the first octet on: the first wrong one decides, however much has come. */
function readHeader(bytes: Uint8Array, payloadBytesMax: number): ProxyRead {
  if (bytes.length === 0) return MORE
  const signature = bytes[0] === CR ? SIGNATURE_2 : SIGNATURE_1
  const known = Math.min(bytes.length, signature.length)
  for (let at = 0; at < known; at++) if (bytes[at] !== signature[at]) return fault('PROXY_SIGNATURE')
  if (known < signature.length) return MORE
  return signature === SIGNATURE_1 ? readLine(bytes) : readBinary(bytes, payloadBytesMax)
}

function fault(code: ProxyFault): ProxyRead {
  return { type: 'fault', code }
}

function header(version: 1 | 2, kind: ProxyHeader['kind'], bytes: Uint8Array, end: number, ends?: Ends): ProxyRead {
  const { source, destination } = ends ?? { source: NOWHERE, destination: NOWHERE }
  return { type: 'header', header: { version, kind, source, destination }, rest: bytes.subarray(end) }
}

interface Ends {
  readonly source: Endpoint
  readonly destination: Endpoint
}

/** Version 1, section 2.1. */
function readLine(bytes: Uint8Array): ProxyRead {
  const end = bytes.indexOf(LF)
  if (end < 0) return bytes.length < LINE_BYTES_MAX ? MORE : fault('PROXY_TOO_LONG')
  if (end >= LINE_BYTES_MAX) return fault('PROXY_TOO_LONG')
  if (bytes[end - 1] !== CR) return fault('PROXY_SYNTAX')
  const line = Buffer.from(bytes.subarray(SIGNATURE_1.length, end - 1)).toString('latin1')
  // What stands behind UNKNOWN is to be ignored.
  if (line === 'UNKNOWN' || line.startsWith('UNKNOWN ')) return header(1, 'unknown', bytes, end + 1)
  const [family, source = '', destination = '', sourcePort = '', destinationPort = '', more] = line.split(' ')
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIPv6 : undefined
  if (isAddress === undefined || more !== undefined) return fault('PROXY_SYNTAX')
  if (!isAddress(source) || !isAddress(destination)) return fault('PROXY_SYNTAX')
  const ports = [sourcePort, destinationPort].map(portOf)
  const [from = -1, to = -1] = ports
  if (from < 0 || to < 0) return fault('PROXY_SYNTAX')
  return header(1, 'proxied', bytes, end + 1, {
    source: { address: source, port: from },
    destination: { address: destination, port: to },
  })
}

/** An IPv6 address without a zone, which means something to the balancer only. */
function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%')
}

function portOf(text: string): number {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535 ? Number(text) : -1
}

const COMMAND_LOCAL = 0x20
const COMMAND_PROXY = 0x21

/** Octets of one address and of a port, by address family. */
const FAMILIES = [
  { addressBytes: 0, portBytes: 0 },
  { addressBytes: 4, portBytes: 2 },
  { addressBytes: 16, portBytes: 2 },
  { addressBytes: 108, portBytes: 0 },
] as const
const TRANSPORT_MAX = 2

/** Version 2, section 2.2. Extensions (TLVs) behind the addresses are skipped. */
function readBinary(bytes: Uint8Array, payloadBytesMax: number): ProxyRead {
  const [command, protocol, high, low] = bytes.subarray(SIGNATURE_2.length, HEAD_2_BYTES)
  if (command === undefined) return MORE
  if (command !== COMMAND_LOCAL && command !== COMMAND_PROXY) return fault('PROXY_VERSION')
  if (protocol === undefined) return MORE
  const family = FAMILIES[protocol >> 4]
  if (family === undefined || (protocol & 15) > TRANSPORT_MAX) return fault('PROXY_FAMILY')
  if (high === undefined || low === undefined) return MORE
  const payloadBytes = high * 256 + low
  if (payloadBytes > payloadBytesMax) return fault('PROXY_TOO_LONG')
  const { addressBytes, portBytes } = family
  const told = command === COMMAND_PROXY && addressBytes > 0
  if (told && payloadBytes < 2 * (addressBytes + portBytes)) return fault('PROXY_TRUNCATED')
  const end = HEAD_2_BYTES + payloadBytes
  if (bytes.length < end) return MORE
  if (command === COMMAND_LOCAL) return header(2, 'local', bytes, end)
  if (!told) return header(2, 'unknown', bytes, end)
  const endpoint = (which: 0 | 1): Endpoint => {
    const from = HEAD_2_BYTES + which * addressBytes
    const port = HEAD_2_BYTES + 2 * addressBytes + which * portBytes
    return {
      address: addressOf(bytes.subarray(from, from + addressBytes)),
      port: portBytes === 0 ? 0 : (bytes[port] ?? 0) * 256 + (bytes[port + 1] ?? 0),
    }
  }
  return header(2, 'proxied', bytes, end, { source: endpoint(0), destination: endpoint(1) })
}

function addressOf(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.')
  if (octets.length === 16) return ipv6Of(octets)
  const end = octets.indexOf(0)
  // An abstract socket begins with NUL and has no path.
  return Buffer.from(octets.subarray(0, end < 0 ? octets.length : end)).toString('utf8')
}

/** The one text of an IPv6 address (RFC 5952): the longest run of zero groups is left out, the first among equals. */
function ipv6Of(octets: Uint8Array): string {
  const groups: number[] = []
  for (let at = 0; at < octets.length; at += 2) groups.push((octets[at] ?? 0) * 256 + (octets[at + 1] ?? 0))
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (isMapped) return `::ffff:${octets.subarray(12).join('.')}`
  let runStart = 0
  let runLength = 1
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > runLength) [runStart, runLength] = [start, length]
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':')
  if (runLength === 1) return text(groups)
  return `${text(groups.slice(0, runStart))}::${text(groups.slice(runStart + runLength))}`
}
