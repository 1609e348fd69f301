/** What is known of the certificate that a client has shown. */

import type { TLSSocket } from 'node:tls'

/** A client's certificate. Names are as OpenSSL writes them, one attribute a line; nothing of them was decided upon. */
export interface ClientCertificate {
  readonly subject: string
  readonly issuer: string
  /** The SHA-256 fingerprint of the certificate: pairs of hexadecimal digits with colons. */
  readonly fingerprint256: string
  readonly validTo: string
  /** As `DNS:a.example, email:b@a.example`; empty when there is none. */
  readonly subjectAltName: string
  /** Whether it leads to one of the authorities that are trusted, and is valid now. */
  readonly authorized: boolean
  /** Why it is not, as OpenSSL names it (`CERT_HAS_EXPIRED`); empty when it is. */
  readonly authorizationError: string
}

/** Part of Node since there is TLS, but not of its documented interface: only `tls.Server` asks it. */
interface Verifier {
  readonly _handle?: { readonly verifyError?: () => (Error & { readonly code?: string }) | null } | null
}

/** The certificate of a server's socket whose handshake is over; undefined when the client has shown none. */
export function clientCertificateOf(socket: TLSSocket): ClientCertificate | undefined {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return undefined
  const { subject, issuer, fingerprint256, validTo, subjectAltName = '' } = certificate
  const authorizationError = verificationError(socket as unknown as Verifier)
  const authorized = authorizationError === ''
  return { subject, issuer, fingerprint256, validTo, subjectAltName, authorized, authorizationError }
}

/** What cannot be verified is not authorized. */
function verificationError({ _handle: handle }: Verifier): string {
  if (typeof handle?.verifyError !== 'function') return 'UNSPECIFIED'
  const error = handle.verifyError()
  return error === null || error === undefined ? '' : (error.code ?? 'UNSPECIFIED')
}
