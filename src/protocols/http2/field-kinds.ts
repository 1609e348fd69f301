/**
 * What a field line means to HTTP/2 (RFC 9113 section 8.2 and 8.3), as a small number. It depends on name and value
 * alone, so the decoder finds it once for each entry of its table, not once for each use.
 */

import { TOKEN } from '../core/ascii.js'
import { contentLengthOf, isAuthority, isFieldValue, isTargetText, isToken } from '../core/http-syntax.js'
import type { Http2FaultCode } from './errors.js'

/** The kinds. From `faulty` on the message is malformed, whatever else it holds. */
export const Kinds = {
  regular: 0,
  method: 1,
  scheme: 2,
  authority: 3,
  path: 4,
  protocol: 5,
  status: 6,
  contentLength: 7,
  cookie: 8,
  host: 9,
  priority: 10,
  expectContinue: 11,
  expectOther: 12,
  faulty: 13,
  badName: 13,
  badValue: 14,
  badPseudo: 15,
  unknownPseudo: 16,
  connection: 17,
  badLength: 18,
  badHost: 19,
} as const

/** The last kind of pseudo-header field; 1 is the first. */
export const PSEUDO_LAST: number = Kinds.status

/** The fault of each kind from `Kinds.faulty` on. */
export const kindFaults: readonly Http2FaultCode[] = [
  'H2_FIELD_NAME',
  'H2_FIELD_VALUE',
  'H2_PSEUDO_VALUE',
  'H2_PSEUDO_UNKNOWN',
  'H2_FIELD_CONNECTION',
  'H2_CONTENT_LENGTH',
  'H2_HOST',
]

/** The kind of a field line. */
export function kindOf(name: string, value: string): number {
  if (name.charCodeAt(0) === 0x3a) return pseudoKind(name, value)
  if (!isLowerName(name)) return Kinds.badName
  if (!isFieldValue(value)) return Kinds.badValue
  switch (name.length) {
    case 2:
      // Only the one value that says something about the message (section 8.2.2).
      return name === 'te' && value.toLowerCase() !== 'trailers' ? Kinds.connection : Kinds.regular
    case 4:
      if (name !== 'host') return Kinds.regular
      return isAuthority(value) ? Kinds.host : Kinds.badHost
    case 6:
      if (name === 'cookie') return Kinds.cookie
      if (name !== 'expect') return Kinds.regular
      return value.toLowerCase() === '100-continue' ? Kinds.expectContinue : Kinds.expectOther
    case 8:
      return name === 'priority' ? Kinds.priority : Kinds.regular
    case 14:
      if (name !== 'content-length') return Kinds.regular
      return contentLengthOf(value) >= 0 ? Kinds.contentLength : Kinds.badLength
    default:
      return isConnectionField(name) ? Kinds.connection : Kinds.regular
  }
}

/** Whether a name, in lower case, is that of a field about a connection, which HTTP/2 has not (section 8.2.2). */
export function isConnectionField(name: string): boolean {
  switch (name.length) {
    case 7:
      return name === 'upgrade'
    case 10:
      return name === 'connection' || name === 'keep-alive'
    case 16:
      return name === 'proxy-connection'
    case 17:
      return name === 'transfer-encoding'
    default:
      return false
  }
}

function pseudoKind(name: string, value: string): number {
  switch (name) {
    case ':method':
      return isToken(value) ? Kinds.method : Kinds.badPseudo
    case ':scheme':
      return SCHEME.test(value) ? Kinds.scheme : Kinds.badPseudo
    case ':authority':
      return isAuthority(value) ? Kinds.authority : Kinds.badPseudo
    case ':path':
      return isPath(value) ? Kinds.path : Kinds.badPseudo
    case ':protocol':
      return isToken(value) ? Kinds.protocol : Kinds.badPseudo
    case ':status':
      return STATUS.test(value) ? Kinds.status : Kinds.badPseudo
    default:
      return Kinds.unknownPseudo
  }
}

const SCHEME = /^[a-z][a-z0-9+.-]*$/i
const STATUS = /^[1-5]\d\d$/

/** Whether `value` is what `:path` may be (section 8.3.1); `*` is for OPTIONS alone, which the message has to show. */
function isPath(value: string): boolean {
  return value === '*' || (value.charCodeAt(0) === 0x2f && isTargetText(value))
}

/** Whether `name` is a token without capital letters (section 8.2.1). */
function isLowerName(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    if (code > 0x7f || TOKEN[code] === 0 || (code >= 0x41 && code <= 0x5a)) return false
  }
  return name.length > 0
}
