/** A client over TLS that others have written. */

import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request, type RequestOptions } from 'node:https'
import { text } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'

/** An answer, and the certificate that came with it. */
export interface HttpsAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
  /** The SHA-256 fingerprint of the server's certificate. */
  readonly fingerprint256: string
}

/** Asks on a connection of its own. Certificates are taken as they are unless `options` say otherwise. */
export async function askHttps(url: string, options: RequestOptions = {}): Promise<HttpsAnswer> {
  const sent = request(url, { agent: false, rejectUnauthorized: false, ...options }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const { fingerprint256 } = (response.socket as TLSSocket).getPeerCertificate()
  const { statusCode = 0, headers } = response
  return { status: statusCode, headers, text: await text(response), fingerprint256 }
}
