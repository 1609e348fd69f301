/**
 * Messages → bytes (RFC 9112 sections 3 to 7). Every name, value, reason, method, target and trailer passes the grammar
 * before it is written, so that no call can emit a line that was not asked for.
 */

import { equalsIgnoreCase } from '../core/ascii.js'
import { UsageError } from '../core/errors.js'
import { isAuthority, isFieldValue, isToken } from '../core/http-syntax.js'
import { native } from '../core/native.js'
import type { OutputQueue } from '../core/output.js'
import { isForbiddenTrailer } from '../core/trailers.js'

/** Fields to send: a flat list of name, value, name, value; or lines that were made of one before. */
export type FieldsToSend = readonly string[] | FieldLines

const NONE: readonly string[] = []

/** Field lines that were checked and serialised once, to be sent many times. */
export class FieldLines {
  static readonly empty: FieldLines = new FieldLines(NONE)

  /** What they were made of: a flat list of names and values. */
  readonly list: readonly string[]
  /** The lines, each with its CRLF. */
  readonly text: string
  readonly hasDate: boolean
  readonly hasHost: boolean
  readonly hasExpect: boolean
  /** The options that Connection must list because of these fields, each behind a comma and a blank. */
  readonly options: string
  /** The protocols in Upgrade; empty without that field. */
  readonly upgrade: string

  /** Checks a flat list of names and values. Throws `UsageError` for what must not be sent. */
  constructor(fields: readonly string[]) {
    if (fields.length % 2 !== 0) throw new UsageError('H1_FIELDS', 'fields are a flat list of names and values')
    let text = ''
    let hosts = 0
    let options = ''
    let date = false
    let expect = false
    let upgrade = ''
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i]!
      const value = fields[i + 1]!
      checkField(name, value)
      switch (managedField(name)) {
        case 'date':
          date = true
          break
        case 'expect':
          expect = true
          break
        case 'host':
          hosts++
          if (!isAuthority(value)) throw new UsageError('H1_HOST', `not a host: ${JSON.stringify(value)}`)
          break
        case 'upgrade':
          upgrade += (upgrade === '' ? '' : ', ') + value
          options += ', upgrade'
          break
        case 'te':
          options += ', te'
          break
        case undefined:
          break
        default:
          throw new UsageError('H1_FIELD_MANAGED', `${name} is written by the engine`)
      }
      text += name + ': ' + value + '\r\n'
    }
    if (hosts > 1) throw new UsageError('H1_HOST', 'a message has one Host')
    this.list = fields
    this.text = text
    this.hasDate = date
    this.hasHost = hosts === 1
    this.hasExpect = expect
    this.upgrade = upgrade
    this.options = options
  }
}

/** The lines of `fields`. Throws `UsageError` for what must not be sent. */
export function linesOf(fields: FieldsToSend): FieldLines {
  if (fields instanceof FieldLines) return fields
  return fields.length === 0 ? FieldLines.empty : new FieldLines(fields)
}

function checkField(name: string, value: string): void {
  if (typeof name !== 'string' || !isToken(name))
    throw new UsageError('H1_FIELD_NAME', `not a field name: ${JSON.stringify(name)}`)
  if (typeof value !== 'string' || !isFieldValue(value))
    throw new UsageError('H1_FIELD_VALUE', `not a value for the field ${name}: ${JSON.stringify(value)}`)
}

/** Which of the fields that the engine looks at or writes itself `name` is. A switch on the length decides most. */
function managedField(name: string): string | undefined {
  switch (name.length) {
    case 2:
      return oneOf(name, 'te')
    case 4:
      return oneOf(name, 'date') ?? oneOf(name, 'host')
    case 6:
      return oneOf(name, 'expect')
    case 7:
      return oneOf(name, 'upgrade')
    case 10:
      return oneOf(name, 'connection') ?? oneOf(name, 'keep-alive')
    case 14:
      return oneOf(name, 'content-length')
    case 17:
      return oneOf(name, 'transfer-encoding')
    default:
      return undefined
  }
}

function oneOf(name: string, known: string): string | undefined {
  return equalsIgnoreCase(name, 0, name.length, known) ? known : undefined
}

/** Reason phrases of RFC 9110 section 15 and its registry; the client may ignore them. */
const REASONS: Readonly<Record<number, string>> = {
  100: 'Continue',
  101: 'Switching Protocols',
  102: 'Processing',
  103: 'Early Hints',
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  203: 'Non-Authoritative Information',
  204: 'No Content',
  205: 'Reset Content',
  206: 'Partial Content',
  207: 'Multi-Status',
  208: 'Already Reported',
  226: 'IM Used',
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  305: 'Use Proxy',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  417: 'Expectation Failed',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  423: 'Locked',
  424: 'Failed Dependency',
  425: 'Too Early',
  426: 'Upgrade Required',
  428: 'Precondition Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  451: 'Unavailable For Legal Reasons',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  506: 'Variant Also Negotiates',
  507: 'Insufficient Storage',
  508: 'Loop Detected',
  511: 'Network Authentication Required',
}

/** The usual reason phrase of a status; empty when there is none. */
export function reasonPhrase(status: number): string {
  return REASONS[status] ?? ''
}

const statusLines: readonly string[] = Array.from({ length: 600 }, (_, status) => {
  return `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`
})

/**
 * The status line (RFC 9112 section 4). Throws `UsageError` outside `from`..599 or for a reason with a control
 * character.
 */
export function statusLine(status: number, from: number, reason?: string): string {
  if (!Number.isInteger(status) || status < from || status > 599)
    throw new UsageError('H1_STATUS', `not a status from ${from} to 599: ${String(status)}`)
  if (reason === undefined) return statusLines[status]!
  if (!isFieldValue(reason)) throw new UsageError('H1_REASON', `not a reason phrase: ${JSON.stringify(reason)}`)
  return `HTTP/1.1 ${status} ${reason}\r\n`
}

const TARGET = /^[\x21\x22\x24-\x7e]+$/

/** The request line (RFC 9112 section 3). Throws `UsageError` for a method or target that the method does not allow. */
export function requestLine(method: string, target: string): string {
  if (typeof method !== 'string' || !isToken(method))
    throw new UsageError('H1_METHOD', `not a method: ${JSON.stringify(method)}`)
  if (typeof target !== 'string' || !TARGET.test(target) || !fits(method, target))
    throw new UsageError('H1_TARGET', `not a target for ${method}: ${JSON.stringify(target)}`)
  return `${method} ${target} HTTP/1.1\r\n`
}

/** Whether the form of the target is one that the method allows (RFC 9112 section 3.2). */
function fits(method: string, target: string): boolean {
  if (method === 'CONNECT') return isAuthority(target) && /:\d+$/.test(target)
  if (target === '*') return method === 'OPTIONS'
  if (target.startsWith('/')) return true
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/([^/?]*)/i.exec(target)
  return absolute !== null && isAuthority(absolute[1]!)
}

/** How many octets `body` takes. Throws `UsageError` for what is neither text nor octets. */
export function sizeOf(body: string | Uint8Array): number {
  return typeof body === 'string' ? native.utf8Length(body) : checkOctets(body).length
}

/** Gives `octets` back. Throws `UsageError` for anything else: its length would be written and never its content. */
export function checkOctets(octets: Uint8Array): Uint8Array {
  if (!ArrayBuffer.isView(octets) || octets.BYTES_PER_ELEMENT !== 1)
    throw new UsageError('H1_CONTENT', 'content is a Uint8Array')
  return octets
}

/** One chunk (RFC 9112 section 7.1). Nothing for no octets: an empty chunk would end the body. */
export function writeChunk(out: OutputQueue, octets: Uint8Array): void {
  if (octets.length === 0) return
  out.latin1(octets.length.toString(16) + '\r\n')
  out.append(octets)
  out.latin1('\r\n')
}

/**
 * The last chunk with the trailer section, checked (RFC 9112 section 7.1.2). Throws `UsageError` for a forbidden
 * trailer.
 */
export function lastChunk(trailers: readonly string[] = NONE): string {
  if (trailers.length === 0) return '0\r\n\r\n'
  for (let i = 0; i < trailers.length; i += 2)
    if (isForbiddenTrailer(trailers[i]!)) throw new UsageError('H1_TRAILER', `${trailers[i]!} must not be a trailer`)
  return '0\r\n' + new FieldLines(trailers).text + '\r\n'
}
