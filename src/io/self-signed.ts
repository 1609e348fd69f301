/**
 * Certificates that sign themselves, for development and tests: the few parts of X.509 (RFC 5280) that one needs,
 * written in DER. Keys and signatures come from `node:crypto`.
 */

import { generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import { isIP, isIPv4 } from 'node:net'

/** What the certificate is for. */
export interface SelfSignedOptions {
  /** Host names and IP addresses; the first is the common name. `localhost`, 127.0.0.1 and ::1 by default. */
  readonly names?: readonly string[]
  /** How many days it is valid from now on, 30 by default; it begins a day ago, for clocks that go after. */
  readonly days?: number
  /** P-256 (the default), or RSA with 2048 bits. */
  readonly keyType?: 'ec' | 'rsa'
}

/** A certificate with its key, both in PEM. */
export interface SelfSigned {
  readonly cert: string
  readonly key: string
}

const NAMES = ['localhost', '127.0.0.1', '::1']
const DAYS = 30
const DAY_MS = 86_400_000

/** Makes a new key and its certificate, for servers and for clients; it can sign no other one. */
export function selfSigned(options: SelfSignedOptions = {}): SelfSigned {
  const { names = NAMES, days = DAYS, keyType = 'ec' } = options
  const { publicKey, privateKey } = makeKeys(keyType)
  const algorithm = keyType === 'ec' ? ECDSA_SHA256 : RSA_SHA256
  const now = Date.now()
  const name = sequence(set(sequence(COMMON_NAME, element(Tag.utf8, Buffer.from(names[0] ?? '')))))
  const content = sequence(
    element(Tag.version, integer(Buffer.of(2))),
    integer(serialNumber()),
    algorithm,
    name,
    sequence(time(now - DAY_MS), time(now + days * DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions(names),
  )
  const der = sequence(content, algorithm, bits(sign('sha256', content, privateKey)))
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { cert: new X509Certificate(der).toString(), key }
}

function makeKeys(keyType: 'ec' | 'rsa'): { publicKey: KeyObject; privateKey: KeyObject } {
  return keyType === 'ec'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })
}

/** Positive and not zero (RFC 5280 section 4.1.2.2). */
function serialNumber(): Buffer {
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x40
  return serial
}

/** Tags of ASN.1 (X.690) that occur here; `version` and `extensions` are those of X.509 itself. */
const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  null: 0x05,
  identifier: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  dnsName: 0x82,
  ipAddress: 0x87,
  version: 0xa0,
  extensions: 0xa3,
} as const

function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const size = content.length
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

function sequence(...contents: readonly Uint8Array[]): Buffer {
  return element(Tag.sequence, ...contents)
}

function set(...contents: readonly Uint8Array[]): Buffer {
  return element(Tag.set, ...contents)
}

function integer(octets: Uint8Array): Buffer {
  return element(Tag.integer, octets)
}

/** A bit string of whole octets: none of its last bits is unused. */
function bits(octets: Uint8Array): Buffer {
  return element(Tag.bits, Buffer.of(0), octets)
}

function identifier(hex: string): Buffer {
  return element(Tag.identifier, Buffer.from(hex, 'hex'))
}

/** Years before 2050 have two digits (RFC 5280 section 4.1.2.5). */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\.\d+|[-:T]/g, '')
  return digits < '2050'
    ? element(Tag.utcTime, Buffer.from(digits.slice(2)))
    : element(Tag.generalizedTime, Buffer.from(digits))
}

const COMMON_NAME = identifier('550403')
const ECDSA_SHA256 = sequence(identifier('2a8648ce3d040302'))
const RSA_SHA256 = sequence(identifier('2a864886f70d01010b'), element(Tag.null))
const ALT_NAME = identifier('551d11')
const CRITICAL = element(Tag.boolean, Buffer.of(0xff))
/** No certification authority. The key's usage is left open: it would have to say that it signs certificates, too. */
const BASIC = sequence(identifier('551d13'), CRITICAL, element(Tag.octets, sequence()))
/** For servers and for clients. */
const USAGES = sequence(identifier('2b06010505070301'), identifier('2b06010505070302'))
const EXTENDED_USAGE = sequence(identifier('551d25'), element(Tag.octets, USAGES))

function extensions(names: readonly string[]): Buffer {
  const all = names.map((name) =>
    isIP(name) === 0 ? element(Tag.dnsName, Buffer.from(name)) : element(Tag.ipAddress, addressOctets(name)),
  )
  const altNames = sequence(ALT_NAME, element(Tag.octets, sequence(...all)))
  return element(Tag.extensions, sequence(BASIC, EXTENDED_USAGE, altNames))
}

/** The 4 or 16 octets of an address. */
function addressOctets(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  const [head = [], tail] = address.split('::').map((half) => half.split(':').filter(Boolean))
  const groups = [
    ...head,
    ...Array<string>(tail === undefined ? 0 : 8 - head.length - tail.length).fill('0'),
    ...(tail ?? []),
  ]
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex')
}
