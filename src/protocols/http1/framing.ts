/**
 * What a complete head says about the message: where it goes, how its content is delimited, whether the connection
 * persists (RFC 9112 sections 3.2, 6.3, 9.3). One answer or a fault; two readings of one message never both pass.
 */

import { equalsIgnoreCase } from '../core/ascii.js'
import { contentLengthOf, isAuthority, isToken, isTunnelTarget, listElements, trimBlanks } from '../core/http-syntax.js'
import type { Http1FaultCode } from './errors.js'
import type { Framing, TargetForm } from './events.js'
import type { Http1Limits } from './limits.js'
import { Known } from './known-names.js'
import type { HeadReader } from './reader.js'

const SLASH = 0x2f

/** The reading of one head; an engine keeps one and fills it anew for each message. */
export class MessageFraming {
  framing: Framing = 'none'
  /** Octets of content; 0 without content, -1 when unknown. */
  contentLength = 0
  keepAlive = true
  form: TargetForm = 'origin'
  authority = ''
  expectContinue = false
  upgrade = ''

  /** The section and the version of the last request that passed: equal ones need no second reading. */
  #passed = 0
  #passedMinor = -1
  #host = ''

  /** Reads a request head. Gives the fault, or undefined. */
  readRequest(reader: HeadReader, limits: Http1Limits): Http1FaultCode | undefined {
    const { section, minor } = reader
    if (section !== this.#passed || minor !== this.#passedMinor) {
      this.#passed = 0
      const fault = this.#readRequestFields(reader, limits)
      if (fault !== undefined) return fault
      this.#passed = section
      this.#passedMinor = minor
    }
    this.authority = this.#host
    return this.#readTarget(reader.method, reader.target)
  }

  #readRequestFields(reader: HeadReader, limits: Http1Limits): Http1FaultCode | undefined {
    const { seen } = reader
    this.framing = 'none'
    this.contentLength = 0
    this.expectContinue = false
    this.upgrade = ''
    const fault = this.#readHost(reader)
    if (fault !== undefined) return fault
    if ((seen & (Known.contentLength | Known.transferEncoding)) !== 0) {
      const code = this.#readLength(reader, limits)
      if (code !== undefined) return code
    }
    // The two fields mean nothing to a server in HTTP/1.0 (RFC 9110 sections 10.1.1 and 7.8).
    const extras = reader.minor === 1 && (seen & (Known.expect | Known.upgrade)) !== 0
    if (extras && !this.#readExtras(reader)) return 'H1_EXPECTATION'
    this.#readPersistence(reader)
    return undefined
  }

  /**
   * Reads a response head; `bodiless` when the request or the status rules content out (RFC 9112 section 6.3).
   * `tunnel`: a 2xx to CONNECT, whose framing fields are to be ignored, whatever they say (RFC 9110 section 9.3.6).
   */
  readResponse(
    reader: HeadReader,
    limits: Http1Limits,
    bodiless: boolean,
    tunnel: boolean,
  ): Http1FaultCode | undefined {
    this.framing = 'close'
    this.contentLength = -1
    if (!tunnel && (reader.seen & (Known.contentLength | Known.transferEncoding)) !== 0) {
      const code = this.#readLength(reader, bodiless ? undefined : limits)
      if (code !== undefined) return code
    }
    this.#readPersistence(reader)
    if (bodiless) {
      this.framing = 'none'
      this.contentLength = 0
    } else if (this.framing === 'close') {
      this.keepAlive = false
    }
    return undefined
  }

  #readHost(reader: HeadReader): Http1FaultCode | undefined {
    this.#host = ''
    if ((reader.seen & Known.host) === 0) return reader.minor === 0 ? undefined : 'H1_HOST_MISSING'
    if ((reader.repeated & Known.host) !== 0) return 'H1_HOST_REPEATED'
    const host = validHost(reader.fields.get('host')!)
    if (host === undefined) return 'H1_HOST_SYNTAX'
    this.#host = host
    return undefined
  }

  /** The four forms (RFC 9112 section 3.2). The authority of the target wins over Host (section 3.2.2). */
  #readTarget(method: string, target: string): Http1FaultCode | undefined {
    if (method === 'CONNECT') {
      this.form = 'authority'
      this.authority = target
      return isTunnelTarget(target) ? undefined : 'H1_TARGET_FORM'
    }
    if (target.charCodeAt(0) === SLASH) {
      this.form = 'origin'
      return undefined
    }
    if (target === '*') {
      this.form = 'asterisk'
      return method === 'OPTIONS' ? undefined : 'H1_TARGET_FORM'
    }
    this.form = 'absolute'
    const authority = authorityOf(target)
    if (authority === undefined) return 'H1_TARGET_FORM'
    this.authority = authority
    return undefined
  }

  #readLength(reader: HeadReader, limits: Http1Limits | undefined): Http1FaultCode | undefined {
    const { seen, repeated, fields } = reader
    if ((seen & Known.transferEncoding) !== 0) {
      if ((seen & Known.contentLength) !== 0) return 'H1_FRAMING_CONFLICT'
      if (reader.minor === 0) return 'H1_TRANSFER_CODING_VERSION'
      this.framing = 'chunked'
      this.contentLength = -1
      return transferCodingFault(fields.getAll('transfer-encoding'))
    }
    if ((repeated & Known.contentLength) !== 0) return 'H1_CONTENT_LENGTH_REPEATED'
    const digits = fields.get('content-length')!
    const length = contentLengthOf(digits)
    if (length < 0) return 'H1_CONTENT_LENGTH_SYNTAX'
    if (limits !== undefined && length > limits.bodyBytesMax) return 'H1_BODY_TOO_LARGE'
    this.framing = 'length'
    this.contentLength = length
    return undefined
  }

  /** Expect and Upgrade; false for an expectation that is not understood. */
  #readExtras(reader: HeadReader): boolean {
    if ((reader.seen & Known.expect) !== 0) {
      if (reader.fields.get('expect')!.toLowerCase() !== '100-continue') return false
      this.expectContinue = this.framing !== 'none' && this.contentLength !== 0
    }
    if ((reader.seen & Known.upgrade) !== 0 && connectionOptions(reader).includes('upgrade'))
      this.upgrade = reader.fields.get('upgrade')!
    return true
  }

  #readPersistence(reader: HeadReader): void {
    this.keepAlive = reader.minor === 1
    if ((reader.seen & Known.connection) === 0) return
    const value = reader.fields.get('connection')!
    // The two values that nearly all messages have, without taking the list apart.
    if (equalsIgnoreCase(value, 0, value.length, 'keep-alive')) {
      this.keepAlive = true
      return
    }
    const options = connectionOptions(reader)
    if (options.includes('close')) this.keepAlive = false
    else if (options.includes('keep-alive')) this.keepAlive = true
  }
}

/** Hosts that were found valid. A server has few; should clients make up many, the table begins anew. */
const validHosts: Map<string, string> = new Map()
const VALID_HOSTS_MAX = 64

/**
 * `host`, as a string that all connections share, so that none of them keeps its whole head alive; undefined if
 * invalid.
 */
function validHost(host: string): string | undefined {
  const known = validHosts.get(host)
  if (known !== undefined || !isAuthority(host)) return known
  if (validHosts.size === VALID_HOSTS_MAX) validHosts.clear()
  validHosts.set(host, host)
  return host
}

function connectionOptions(reader: HeadReader): string[] {
  const value = reader.fields.get('connection')
  return value === undefined ? [] : listElements(value.toLowerCase())
}

/** Only a single `chunked` passes. Well-formed lists with other codings are unsupported, all else is malformed. */
function transferCodingFault(values: readonly string[]): Http1FaultCode | undefined {
  const value = values[0]!
  if (values.length > 1) return 'H1_TRANSFER_CODING_SYNTAX'
  if (value.toLowerCase() === 'chunked') return undefined
  const codings = value.split(',').map((coding) => trimBlanks(coding).toLowerCase())
  const known = codings.every((coding) => isToken(coding)) && codings.indexOf('chunked') === codings.length - 1
  return known ? 'H1_TRANSFER_CODING_UNSUPPORTED' : 'H1_TRANSFER_CODING_SYNTAX'
}

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i

/** The authority of an absolute-form (RFC 9112 section 3.2.2), or undefined when it is none. */
function authorityOf(target: string): string | undefined {
  const scheme = SCHEME.exec(target)
  if (scheme === null) return undefined
  const start = scheme[0].length
  let end = start
  while (end < target.length && target[end] !== '/' && target[end] !== '?') end++
  const authority = target.slice(start, end)
  return isAuthority(authority) ? authority : undefined
}
