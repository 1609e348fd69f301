/** Sends clients to where they belong: from plain HTTP to HTTPS, and from other names to the one domain. */

import { isAuthority } from '../protocols/core/http-syntax.js'
import { type Http1Limits, limitsOf } from '../protocols/http1/limits.js'
import { statusPage } from './error-page.js'
import type { Exchange } from './exchange.js'
import type { HttpError } from './http-error.js'
import { hostOf } from './mounts.js'
import { redirection } from './redirect.js'

/** A listener that only redirects. */
export interface Forward {
  /** Where it listens. */
  readonly port: number
  /** The port of the HTTPS server, as clients see it. */
  readonly forwardPort: number
  /** Where all requests go; without it, to the host that each is for. */
  readonly domain: string | undefined
}

const HTTPS_PORT = 443
const HTTP_PORT = 80

/** Nobody has more to ask here than once: connections that say nothing are closed soon. */
const WAIT_MS = 2000

/** Checks and completes a forward. Throws `TypeError` for a port or a domain that is none. */
export function forwardOf(port: number, forwardPort: number = HTTPS_PORT, domain?: string): Forward {
  for (const [name, value, least] of [
    ['port', port, 0],
    ['port to forward to', forwardPort, 1],
  ] as const)
    if (!Number.isInteger(value) || value < least || value > 65_535)
      throw new TypeError(`not a ${name}: ${String(value)}`)
  if (domain !== undefined && (typeof domain !== 'string' || !isAuthority(domain) || domain !== hostOf(domain)))
    throw new TypeError(`not a domain in lower case, without port: ${JSON.stringify(domain)}`)
  return { port, forwardPort, domain }
}

/** The limits of connections that are only redirected. */
export function forwardLimits(limits: Partial<Http1Limits> | undefined): Http1Limits {
  return limitsOf({ ...limits, firstByteMs: WAIT_MS, headMs: WAIT_MS, idleMs: WAIT_MS })
}

/**
 * Redirects a request to HTTPS. Without a domain the request must say which host it is for, and say it once: a Host
 * that differs from the authority of the target is refused.
 */
export function answerForward(exchange: Exchange, { forwardPort, domain }: Forward): void {
  const uri = uriOf(exchange.target)
  if (uri === undefined) return refuse(exchange, 'This request cannot be sent elsewhere')
  let host = domain
  if (host === undefined) {
    const named = exchange.fields.get('host')
    if (!isAuthority(exchange.authority) || (named !== undefined && named !== exchange.authority))
      return refuse(exchange, 'The request does not say which host it is for')
    host = hostOf(exchange.authority)
  }
  redirect(exchange, `https://${host}${forwardPort === HTTPS_PORT ? '' : `:${forwardPort}`}${uri}`)
}

/** Redirects a request for another host to the domain, with the same scheme and port; false when it is for that. */
export function redirectToDomain(exchange: Exchange, domain: string): boolean {
  let asked: Pick<Exchange, 'host' | 'scheme'>
  try {
    const { host, scheme } = exchange
    asked = { host, scheme }
  } catch (error) {
    refuse(exchange, (error as HttpError).message)
    return true
  }
  const { host, scheme } = asked
  if (hostOf(host) === domain) return false
  const uri = uriOf(exchange.target)
  if (uri === undefined) return false
  const port = /:(\d+)$/.exec(host)?.[1] ?? ''
  const usual = port === '' || Number(port) === (scheme === 'https' ? HTTPS_PORT : HTTP_PORT)
  redirect(exchange, `${scheme}://${domain}${usual ? '' : `:${Number(port)}`}${uri}`)
  return true
}

/** 308 keeps the method, and old clients know 301 (RFC 9110 sections 15.4.2 and 15.4.9). */
function redirect(exchange: Exchange, location: string): void {
  const { fields, body } = redirection(location)
  exchange.send(exchange.method === 'GET' || exchange.method === 'HEAD' ? 301 : 308, fields, body)
}

function refuse(exchange: Exchange, detail: string): void {
  const page = statusPage(400, detail, exchange.fields)
  exchange.send(400, page.fields, page.body)
}

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i
/** What may not stand in a URI (RFC 3986), and the beginning of a fragment, which no request has. */
const FOREIGN = /[^!$%&'()*+,\-./0-9:;=?@A-Z[\]_a-z~]/g

/** Path and query of a request target; undefined for those that have none (RFC 9112 section 3.2). */
function uriOf(target: string): string | undefined {
  const origin = target.replace(ABSOLUTE, '')
  if (origin === target && !target.startsWith('/')) return undefined
  const uri = origin.startsWith('/') ? origin : `/${origin}`
  return uri.replace(FOREIGN, (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}
