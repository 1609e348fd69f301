/**
 * Which pages may open a WebSocket (RFC 6455 section 10.2): browsers let any page try, and send its user's cookies
 * along.
 */

import { HttpError } from '../../http-error.js'
import type { Step } from '../hooks.js'
import type { Was } from '../was.js'
import type { OriginPolicy } from './options.js'

/** Refuses pages that a policy does not name. */
export function pageGuard(policy: OriginPolicy): Step {
  return async (was) => {
    if (!(await isOriginAllowed(policy, was))) throw new HttpError(403, 'Pages of this origin may not connect')
  }
}

/**
 * Whether a request may open a connection. Without Origin it comes from no page, and may; with several it may not.
 * Rejects or throws with what a function of the policy does.
 */
function isOriginAllowed(policy: OriginPolicy, was: Was): boolean | Promise<boolean> {
  const { headers, host, scheme } = was.request
  const origins = headers.getAll('origin')
  if (policy === '*' || origins.length === 0) return true
  const origin = origins[0]!
  if (origins.length > 1) return false
  if (typeof policy === 'function') return policy(origin, was)
  // Where we end TLS ourselves, a page without it is another one: anybody in between may have written it.
  if (policy === 'same') return isSameHost(origin, host) && !(scheme === 'https' && origin.startsWith('http:'))
  return policy.some((allowed) => allowed === origin || normalOrigin(allowed) === normalOrigin(origin))
}

/**
 * Whether an origin is of the host that the request is for. The scheme does not count: whoever ends TLS in front of us
 * does not tell us of it, and a port that is left out is the usual one of either scheme.
 */
export function isSameHost(origin: string, authority: string): boolean {
  if (!URL.canParse(origin) || !URL.canParse(`http://${authority}`)) return false
  const from = new URL(origin)
  const to = new URL(`http://${authority}`)
  if (from.hostname === '' || from.hostname !== to.hostname) return false
  const port = /:(\d*)$/.exec(authority)?.[1] ?? ''
  if (port === '') return from.port === ''
  return Number(port) === Number(from.port || DEFAULT_PORTS[from.protocol])
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }

function normalOrigin(origin: string): string {
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  return url === undefined || url.host === '' ? origin : `${url.protocol}//${url.host}`
}
