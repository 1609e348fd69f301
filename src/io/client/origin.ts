/** Where a URL leads to. */

import { UsageError } from '../../protocols/core/errors.js'
import type { Place } from '../connector.js'
import { TransportError } from '../transport.js'

/** What a URL says of its server. */
export interface Origin {
  /** Scheme and authority, as `https://example.test:8443`. */
  readonly text: string
  /** Host, and the port where it is not that of the scheme. */
  readonly authority: string
  readonly secure: boolean
  readonly place: Place
  /** Makes the error that tells that it took too long. */
  expired(timeoutMs: number): () => TransportError
}

/** By scheme: that of HTTP, and the port. */
const SCHEMES: Readonly<Record<string, readonly [scheme: string, port: number]>> = {
  'http:': ['http', 80],
  'ws:': ['http', 80],
  'https:': ['https', 443],
  'wss:': ['https', 443],
}

/** The origin of a URL with `http`, `https`, `ws` or `wss`. Throws `UsageError` (`CLIENT_URL`) for any other. */
export function originOf(url: string | URL): Origin {
  const { protocol, host, hostname, port } = urlOf(url)
  const scheme = Object.hasOwn(SCHEMES, protocol) ? SCHEMES[protocol] : undefined
  if (scheme === undefined) throw new UsageError('CLIENT_URL', `not a scheme of HTTP or WebSocket: ${protocol}`)
  const place = { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? scheme[1] : Number(port) }
  return {
    text: `${scheme[0]}://${host}`,
    authority: host,
    secure: scheme[0] === 'https',
    place,
    expired: (timeoutMs) => () =>
      new TransportError(
        'CONNECT_TIMEOUT',
        { address: place.host, port: place.port },
        `no connection in ${timeoutMs} ms`,
      ),
  }
}

/** Throws `UsageError` (`CLIENT_URL`) for what is no URL. */
export function urlOf(url: string | URL): URL {
  if (url instanceof URL) return url
  if (!URL.canParse(url)) throw new UsageError('CLIENT_URL', `not a URL: ${url}`)
  return new URL(url)
}
