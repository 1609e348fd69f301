/** Certificates and keys as operators hand them over: read, checked, and named before the first handshake. */

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { UsageError } from '../protocols/core/errors.js'

/** PEM as text or octets, or the path of a file with it: a string without a PEM header is a path. */
export type PemSource = string | Uint8Array

/** A certificate with its key. */
export interface CertificateSource {
  /** The certificate, followed by those that lead to its root; the key may stand here, too. */
  readonly cert: PemSource
  /** The private key, if not in `cert`. */
  readonly key?: PemSource | undefined
  /** Opens the key if it is encrypted. */
  readonly passphrase?: string | undefined
  /**
   * The host names that it is for: exact ones, and `*.name` for the names with one more label. By default those of the
   * certificate itself (subjectAltName).
   */
  readonly hosts?: readonly string[] | undefined
}

/** A certificate that can be used. */
export interface LoadedCertificate {
  /** In lower case, without the dot of an absolute name. */
  readonly names: readonly string[]
  /** The SHA-256 fingerprint. */
  readonly fingerprint256: string
  readonly cert: string
  readonly key: string
  readonly passphrase: string | undefined
}

/** What `UsageError.code` says about TLS. */
export type TlsFault = 'TLS_OPTION' | 'TLS_FILE' | 'TLS_CERTIFICATE' | 'TLS_KEY' | 'TLS_PASSPHRASE' | 'TLS_KEY_MISMATCH'

/** The caller's fault, with what the system or OpenSSL said as its `cause`. */
export function tlsError(code: TlsFault, message: string, cause?: unknown): UsageError {
  const error = new UsageError(code, message)
  if (cause !== undefined) error.cause = cause
  return error
}

/** PEM with the place that it is from, for messages. */
export interface Pem {
  readonly text: string
  readonly place: string
}

const PEM_HEADER = '-----BEGIN '
const PRIVATE_KEY = /-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY)-----[^]*?-----END \1-----/

/**
 * Reads PEM; relative paths are taken from `directory`. `what` names it in the message of the `UsageError` (`TLS_FILE`,
 * `TLS_CERTIFICATE`) that is thrown when there is none.
 */
export function readPem(source: PemSource, what: string, directory: string): Pem {
  if (typeof source !== 'string' && !(source instanceof Uint8Array))
    throw tlsError(
      'TLS_OPTION',
      `the ${what} is PEM or the path of a file, not ${source === null ? 'null' : typeof source}`,
    )
  const given = typeof source === 'string' ? source : Buffer.from(source).toString('latin1')
  if (given.includes(PEM_HEADER)) return { text: given, place: `the given ${what}` }
  if (typeof source !== 'string') throw tlsError('TLS_CERTIFICATE', `the given ${what} is no PEM`)
  const file = path.resolve(directory, source)
  let text: string
  try {
    text = readFileSync(file, 'latin1')
  } catch (error) {
    throw tlsError('TLS_FILE', `cannot read the ${what} ${file}: ${(error as NodeJS.ErrnoException).code}`, error)
  }
  if (!text.includes(PEM_HEADER)) throw tlsError('TLS_CERTIFICATE', `there is no PEM in ${file}`)
  return { text, place: file }
}

/**
 * Reads a certificate and its key, and sees that they belong together. Relative paths are taken from `directory`.
 * Throws `UsageError` with a code of `TlsFault`.
 */
export function loadCertificate(source: CertificateSource, directory: string): LoadedCertificate {
  const { cert, key, passphrase, hosts } = source
  const chain = readPem(cert, 'certificate', directory)
  const certificate = parseCertificate(chain)
  const keyPem = privateKeyOf(key === undefined ? chain : readPem(key, 'key', directory))
  if (!certificate.checkPrivateKey(parseKey(keyPem, passphrase)))
    throw tlsError('TLS_KEY_MISMATCH', `the key does not belong to the certificate: ${keyPem.place}`)
  return {
    names: hosts === undefined ? namesOf(certificate) : hosts.map(hostName),
    fingerprint256: certificate.fingerprint256,
    cert: chain.text,
    key: keyPem.text,
    passphrase,
  }
}

/** A host name as certificates are looked up by it: lower case, no final dot; undefined when it is none. */
export function lookupName(host: string): string | undefined {
  const name = host.toLowerCase().replace(/\.$/, '')
  return name.length <= 253 && HOST_NAME.test(name) ? name : undefined
}

const HOST_NAME = /^(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/

/** A name that a certificate is for: `lookupName`, or that behind `*.`. */
function ruleName(host: string): string | undefined {
  if (!host.startsWith('*.')) return lookupName(host)
  const name = lookupName(host.slice(2))
  return name && `*.${name}`
}

function hostName(host: string): string {
  const name = typeof host === 'string' ? ruleName(host) : undefined
  if (name === undefined) throw tlsError('TLS_OPTION', `not a host name of a certificate: ${JSON.stringify(host)}`)
  return name
}

/** The first certificate of `pem`. Throws `UsageError` (`TLS_CERTIFICATE`) when there is none. */
export function parseCertificate({ text, place }: Pem): X509Certificate {
  try {
    return new X509Certificate(text)
  } catch (error) {
    throw tlsError('TLS_CERTIFICATE', `there is no certificate in ${place}`, error)
  }
}

function privateKeyOf({ text, place }: Pem): Pem {
  const found = PRIVATE_KEY.exec(text)
  if (found === null) throw tlsError('TLS_KEY', `there is no private key in ${place}`)
  return { text: found[0], place }
}

function parseKey({ text, place }: Pem, passphrase: string | undefined): KeyObject {
  const encrypted = text.includes('ENCRYPTED')
  if (encrypted && passphrase === undefined)
    throw tlsError('TLS_PASSPHRASE', `the key is encrypted, and there is no passphrase: ${place}`)
  try {
    return createPrivateKey({ key: text, format: 'pem', ...(encrypted && { passphrase }) })
  } catch (error) {
    if (encrypted) throw tlsError('TLS_PASSPHRASE', `the passphrase does not open the key: ${place}`, error)
    throw tlsError('TLS_KEY', `the private key cannot be read: ${place}`, error)
  }
}

/** One name of a subjectAltName as Node writes it: values that could be taken for several are quoted. */
const ALT_NAME = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/gy

/** The host names of a certificate; those that no client can ask for are left out. */
function namesOf(certificate: X509Certificate): string[] {
  const names: string[] = []
  for (const [, kind, value = ''] of (certificate.subjectAltName ?? '').matchAll(ALT_NAME)) {
    const name = kind === 'DNS' ? ruleName(value) : undefined
    if (name !== undefined) names.push(name)
  }
  return names
}
