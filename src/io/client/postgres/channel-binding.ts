/** What SCRAM is bound to: the hash of the server's certificate (`tls-server-end-point`, RFC 5929 section 4). */

import { createHash } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

/** Hashes by the object identifiers of signatures, in hexadecimal DER. MD5 and SHA-1 are replaced (section 4.1). */
const BY_SIGNATURE: ReadonlyMap<string, string> = new Map([
  ['2a864886f70d010104', 'sha256'],
  ['2a864886f70d010105', 'sha256'],
  ['2a864886f70d01010e', 'sha224'],
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d0401', 'sha256'],
  ['2a8648ce3d040301', 'sha224'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
])

/** RSASSA-PSS names its hash in parameters (RFC 4055 section 3.1). */
const PSS = '2a864886f70d01010a'
const BY_HASH: ReadonlyMap<string, string> = new Map([
  ['2b0e03021a', 'sha256'],
  ['608648016503040204', 'sha224'],
  ['608648016503040201', 'sha256'],
  ['608648016503040202', 'sha384'],
  ['608648016503040203', 'sha512'],
])

/** The data of a connection over TLS; undefined where the certificate's signature has no hash, as with Ed25519. */
export function channelBindingOf(socket: TLSSocket): Uint8Array | undefined {
  const raw = socket.getPeerX509Certificate()?.raw
  return raw === undefined ? undefined : endPointHash(raw)
}

/** The hash of a certificate in DER, by the algorithm of its signature. */
export function endPointHash(certificate: Uint8Array): Uint8Array | undefined {
  // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { algorithm, parameters }, … }
  const signed = elementAt(certificate, elementAt(certificate, 0).start)
  const algorithm = elementAt(certificate, signed.end)
  const identifier = elementAt(certificate, algorithm.start)
  const name = hexOf(certificate, identifier)
  const hash = name === PSS ? pssHash(certificate, identifier.end, algorithm.end) : BY_SIGNATURE.get(name)
  return hash === undefined ? undefined : createHash(hash).update(certificate).digest()
}

/** RSASSA-PSS-params ::= SEQUENCE { [0] SEQUENCE { algorithm … } DEFAULT sha1, … } */
function pssHash(bytes: Uint8Array, from: number, end: number): string | undefined {
  if (from === end) return 'sha256'
  const parameters = elementAt(bytes, from)
  const first = elementAt(bytes, parameters.start)
  if (parameters.start === parameters.end || first.tag !== 0xa0) return 'sha256'
  return BY_HASH.get(hexOf(bytes, elementAt(bytes, elementAt(bytes, first.start).start)))
}

/** One element of DER: its tag, and from where to where its content goes. */
interface Element {
  readonly tag: number
  readonly start: number
  readonly end: number
}

/** OpenSSL has read the certificate before: lengths are right. */
function elementAt(bytes: Uint8Array, at: number): Element {
  const first = bytes[at + 1] ?? 0
  if (first < 0x80) return { tag: bytes[at] ?? 0, start: at + 2, end: at + 2 + first }
  let length = 0
  const start = at + 2 + (first & 0x7f)
  for (let i = at + 2; i < start; i++) length = length * 256 + (bytes[i] ?? 0)
  return { tag: bytes[at] ?? 0, start, end: start + length }
}

function hexOf(bytes: Uint8Array, { start, end }: Element): string {
  return Buffer.from(bytes.subarray(start, end)).toString('hex')
}
