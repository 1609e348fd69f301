/** Header fields that make browsers careful. */

import { FieldLines } from '../../../protocols/http1/writer.js'
import type { ExtraFields } from '../../static/extra-fields.js'
import type { Step } from '../hooks.js'
import { Was } from '../was.js'

/** Directives of a Content-Security-Policy by name; `'nonce'` stands for the nonce of the response. */
export type CspDirectives = Readonly<Record<string, readonly string[]>>

/** `false` leaves a field out. */
export interface SecurityHeadersOptions {
  /**
   * Default: all from this origin only, scripts and styles with the nonce (`was.cspNonce`) as well, no plug-ins, no
   * foreign frames around.
   */
  readonly contentSecurityPolicy?: CspDirectives | string | false
  /** `Strict-Transport-Security`, over TLS only. Default a year. */
  readonly hsts?:
    { readonly maxAgeSeconds?: number; readonly includeSubDomains?: boolean; readonly preload?: boolean } | false
  /** Default `strict-origin-when-cross-origin`. */
  readonly referrerPolicy?: string | false
  /** `X-Frame-Options`; default `SAMEORIGIN`. */
  readonly frameOptions?: 'DENY' | 'SAMEORIGIN' | false
  /** `Cross-Origin-Opener-Policy`; default `same-origin`. */
  readonly openerPolicy?: string | false
  /** `Cross-Origin-Resource-Policy`; default `same-origin`. */
  readonly resourcePolicy?: string | false
  /** Default none. */
  readonly permissionsPolicy?: string | false
}

const DEFAULT_CSP: CspDirectives = {
  'default-src': ["'self'"],
  'script-src': ["'self'", "'nonce'"],
  'style-src': ["'self'", "'nonce'"],
  'img-src': ["'self'", 'data:'],
  'object-src': ["'none'"],
  'base-uri': ["'self'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'self'"],
}
const YEAR_SECONDS = 365 * 24 * 60 * 60
const NONCE = "'nonce'"

/** The same, settled once. */
interface Settled {
  /** A flat list of name and value, without the policy that names a nonce. */
  readonly fields: readonly string[]
  /** The text of the policy around the nonce of a response; one piece when it names none. */
  readonly policy: readonly string[]
  /** For responses over TLS; empty for none. */
  readonly transport: string
}

/** Throws for what cannot be sent. */
function settle(options: SecurityHeadersOptions): Settled {
  const { contentSecurityPolicy = DEFAULT_CSP, hsts = {} } = options
  const { referrerPolicy = 'strict-origin-when-cross-origin', frameOptions = 'SAMEORIGIN' } = options
  const { openerPolicy = 'same-origin', resourcePolicy = 'same-origin', permissionsPolicy = false } = options
  const fields: string[] = ['x-content-type-options', 'nosniff']
  const add = (name: string, value: string | false): void => {
    if (value === false) return
    fields.push(name, value)
  }
  add('referrer-policy', referrerPolicy)
  add('x-frame-options', frameOptions)
  add('cross-origin-opener-policy', openerPolicy)
  add('cross-origin-resource-policy', resourcePolicy)
  add('permissions-policy', permissionsPolicy)
  const policy = contentSecurityPolicy === false ? '' : policyText(contentSecurityPolicy)
  const parts = policy.split(NONCE)
  if (policy !== '' && parts.length === 1) add('content-security-policy', policy)
  const transport = hsts === false ? '' : transportText(hsts)
  // Whatever must not be sent is said now.
  void new FieldLines([...fields, 'content-security-policy', policy])
  return { fields, policy: parts, transport }
}

/** Sets the fields for whatever is answered; a handler may replace them. Throws for what cannot be sent. */
export function securityHeadersGuard(options: SecurityHeadersOptions = {}): Step {
  const { fields, policy, transport } = settle(options)
  return (was) => {
    Was.keep(was, fields)
    if (policy.length > 1) Was.keep(was, ['content-security-policy', policy.join(`'nonce-${was.cspNonce}'`)])
    if (transport !== '' && was.request.scheme === 'https') Was.keep(was, ['strict-transport-security', transport])
  }
}

/**
 * The same for files, which are no templates: nothing in them has a nonce, so the policy names none. Throws for what
 * cannot be sent.
 */
export function securityFields(options: SecurityHeadersOptions = {}): ExtraFields {
  const { fields, policy, transport } = settle(options)
  // Each file says by itself what its type is.
  const plain = fields.slice(fields.indexOf('nosniff') + 1)
  if (policy.length > 1) plain.push('content-security-policy', withoutNonce(policy.join(NONCE)))
  return { plain, encrypted: transport === '' ? plain : [...plain, 'strict-transport-security', transport] }
}

/** A directive that has nothing else lets nothing through. */
function withoutNonce(policy: string): string {
  const directives = policy.split(';').map((directive) => {
    const words = directive.trim().split(/\s+/)
    const kept = words.filter((word) => word !== NONCE)
    return (kept.length === 1 && words.length > 1 ? [...kept, "'none'"] : kept).join(' ')
  })
  return directives.join('; ')
}

function policyText(policy: CspDirectives | string): string {
  if (typeof policy !== 'string')
    for (const [name, sources] of Object.entries(policy))
      if (!/^[a-z-]+$/.test(name) || sources.some((source) => /[;,\s]/.test(source)))
        throw new TypeError(`not a directive of a Content-Security-Policy: ${name} ${sources.join(' ')}`)
  const text =
    typeof policy === 'string'
      ? policy
      : Object.entries(policy)
          .map(([name, sources]) => [name, ...sources].join(' '))
          .join('; ')
  return text
}

function transportText({
  maxAgeSeconds = YEAR_SECONDS,
  includeSubDomains = false,
  preload = false,
}: Exclude<NonNullable<SecurityHeadersOptions['hsts']>, false>): string {
  return `max-age=${maxAgeSeconds}${includeSubDomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`
}
