/**
 * Decoded field lines → the head of a message (RFC 9113 sections 8.1 to 8.3, 8.5; RFC 8441). One answer or a fault; the
 * field that comes first decides which.
 */

import { equalsIgnoreCase } from '../core/ascii.js'
import { Fields } from '../core/fields.js'
import { contentLengthOf, isTunnelTarget } from '../core/http-syntax.js'
import { keptTrailers } from '../core/trailers.js'
import type { Http2FaultCode } from './errors.js'
import { kindFaults, Kinds, PSEUDO_LAST } from './field-kinds.js'
import type { HpackDecoder } from './hpack/decoder.js'
import type { Http2Limits } from './limits.js'
import { defaultPriority, parsePriority, type Priority } from './priority.js'

const PSEUDO = {
  method: 1 << Kinds.method,
  scheme: 1 << Kinds.scheme,
  authority: 1 << Kinds.authority,
  path: 1 << Kinds.path,
  protocol: 1 << Kinds.protocol,
  status: 1 << Kinds.status,
} as const

/** What no request may have; and what no response may have. */
const NOT_IN_REQUESTS = PSEUDO.status
const NOT_IN_RESPONSES = PSEUDO.method | PSEUDO.scheme | PSEUDO.authority | PSEUDO.path | PSEUDO.protocol
const NO_PSEUDO = NOT_IN_REQUESTS | NOT_IN_RESPONSES

const ORDINARY = PSEUDO.method | PSEUDO.scheme | PSEUDO.path

/** A request as its field section tells it. One object for equal sections of a connection: never changed. */
export interface ParsedRequest {
  readonly method: string
  readonly scheme: string
  readonly authority: string
  readonly target: string
  readonly protocol: string
  readonly fields: Fields
  /** The declared length; -1 when there is none. */
  readonly declaredLength: number
  readonly priority: Priority
  readonly expectContinue: boolean
}

/** A response as its field section tells it. */
export interface ParsedResponse {
  readonly status: number
  readonly fields: Fields
  /** The declared length; -1 when there is none. */
  readonly declaredLength: number
}

/** Reads the section that a decoder holds. An engine keeps one. */
export class SectionReader {
  readonly #limits: Http2Limits
  /** Whether extended CONNECT is allowed (RFC 8441). */
  readonly #connectProtocol: boolean

  /** Bits of the pseudo-header fields that were there, and their values by kind. */
  #seen = 0
  readonly #pseudo: string[] = ['', '', '', '', '', '', '']
  #fields: Fields = Fields.empty
  #length = -1
  #host = ''
  #priority: Priority = defaultPriority
  #expectContinue = false

  constructor(limits: Http2Limits, connectProtocol: boolean) {
    this.#limits = limits
    this.#connectProtocol = connectProtocol
  }

  /** Whether the request that was read last, faulty or not, is one for HEAD. */
  get isHead(): boolean {
    return (this.#seen & PSEUDO.method) !== 0 && this.#pseudo[Kinds.method] === 'HEAD'
  }

  /** A request, or the fault. */
  readRequest(decoder: HpackDecoder): ParsedRequest | Http2FaultCode {
    const fault = this.#read(decoder, NOT_IN_REQUESTS) ?? this.#checkRequest()
    if (fault !== undefined) return fault
    const pseudo = this.#pseudo
    const seen = this.#seen
    const method = pseudo[Kinds.method]!
    const authority = (seen & PSEUDO.authority) !== 0 ? pseudo[Kinds.authority]! : this.#host
    const tunnel = method === 'CONNECT' && (seen & PSEUDO.protocol) === 0
    return {
      method,
      scheme: (seen & PSEUDO.scheme) !== 0 ? pseudo[Kinds.scheme]!.toLowerCase() : '',
      authority,
      target: tunnel ? authority : pseudo[Kinds.path]!,
      protocol: (seen & PSEUDO.protocol) !== 0 ? pseudo[Kinds.protocol]! : '',
      fields: this.#fields,
      declaredLength: this.#length,
      priority: this.#priority,
      expectContinue: this.#expectContinue,
    }
  }

  /** A response, or the fault. */
  readResponse(decoder: HpackDecoder): ParsedResponse | Http2FaultCode {
    const fault = this.#read(decoder, NOT_IN_RESPONSES)
    if (fault !== undefined) return fault
    if (this.#seen !== PSEUDO.status) return 'H2_PSEUDO_MISSING'
    const status = Number(this.#pseudo[Kinds.status])
    // There is nothing to switch to (section 8.6).
    if (status === 101) return 'H2_STATUS'
    return { status, fields: this.#fields, declaredLength: this.#length }
  }

  /** The trailer fields that may be kept (section 8.1), or the fault. */
  readTrailers(decoder: HpackDecoder): Fields | Http2FaultCode {
    const fault = this.#read(decoder, NO_PSEUDO)
    if (fault !== undefined) return fault === 'H2_FIELDS_TOO_LARGE' ? 'H2_TRAILERS_TOO_LARGE' : fault
    return keptTrailers(this.#fields)
  }

  /** Goes through the section once. Nothing of it stays in the decoder's arrays. */
  #read(decoder: HpackDecoder, forbidden: number): Http2FaultCode | undefined {
    const { names, values, kinds, count } = decoder
    const list: string[] = []
    // Joined at once: a text that grows crumb by crumb holds many times its octets (CVE-2026-49975).
    let crumbs: string[] | undefined
    let crumbAt = -1
    this.#seen = 0
    this.#length = -1
    this.#host = ''
    this.#priority = defaultPriority
    this.#expectContinue = false
    for (let i = 0; i < count; i++) {
      const kind = kinds[i]!
      if (kind >= Kinds.faulty) return kindFaults[kind - Kinds.faulty]
      if (kind !== Kinds.regular) {
        if (kind <= PSEUDO_LAST) {
          const fault = this.#takePseudo(kind, values[i]!, forbidden, list.length > 0)
          if (fault !== undefined) return fault
          continue
        }
        if (kind === Kinds.cookie && crumbAt >= 0) {
          crumbs ??= [list[crumbAt]!]
          crumbs.push(values[i]!)
          continue
        }
        if (kind === Kinds.cookie) crumbAt = list.length + 1
        const fault = this.#takeSpecial(kind, values[i]!, forbidden)
        if (fault !== undefined) return fault
      }
      list.push(names[i]!, values[i]!)
    }
    const { fieldCountMax, crumbCountMax } = this.#limits
    const cookies = crumbAt >= 0 ? 1 : 0
    const crumbCount = crumbs?.length ?? cookies
    const fieldCount = list.length / 2 - cookies
    if (decoder.overflow || fieldCount > fieldCountMax || crumbCount > crumbCountMax) return 'H2_FIELDS_TOO_LARGE'
    if (crumbs !== undefined) list[crumbAt] = crumbs.join('; ')
    this.#fields = list.length === 0 ? Fields.empty : Fields.of(list)
    return undefined
  }

  #takePseudo(kind: number, value: string, forbidden: number, late: boolean): Http2FaultCode | undefined {
    const bit = 1 << kind
    if ((forbidden & bit) !== 0) return 'H2_PSEUDO_UNKNOWN'
    if (kind === Kinds.protocol && !this.#connectProtocol) return 'H2_PSEUDO_UNKNOWN'
    if (late) return 'H2_PSEUDO_LATE'
    if ((this.#seen & bit) !== 0) return 'H2_PSEUDO_REPEATED'
    this.#seen |= bit
    this.#pseudo[kind] = value
    return undefined
  }

  #takeSpecial(kind: number, value: string, forbidden: number): Http2FaultCode | undefined {
    switch (kind) {
      case Kinds.contentLength:
        if (this.#length >= 0) return 'H2_CONTENT_LENGTH'
        this.#length = contentLengthOf(value)
        return undefined
      case Kinds.host:
        if (forbidden !== NOT_IN_REQUESTS) return undefined
        if (this.#host !== '') return 'H2_HOST'
        this.#host = value
        return undefined
      case Kinds.priority:
        this.#priority = parsePriority(value)
        return undefined
      case Kinds.expectContinue:
        this.#expectContinue = true
        return undefined
      case Kinds.expectOther:
        return forbidden === NOT_IN_REQUESTS ? 'H2_EXPECTATION' : undefined
      default:
        return undefined
    }
  }

  /** What only the whole section of a request shows (section 8.3.1, section 8.5, RFC 8441 section 4). */
  #checkRequest(): Http2FaultCode | undefined {
    const seen = this.#seen
    const method = this.#pseudo[Kinds.method]!
    const authority = this.#pseudo[Kinds.authority]!
    if ((seen & PSEUDO.authority) !== 0 && this.#host !== '' && !isSame(authority, this.#host)) return 'H2_HOST'
    if ((seen & PSEUDO.method) !== 0 && method === 'CONNECT') {
      if ((seen & PSEUDO.protocol) === 0) {
        if ((seen & (PSEUDO.scheme | PSEUDO.path)) !== 0) return 'H2_CONNECT'
        return (seen & PSEUDO.authority) !== 0 && isTunnelTarget(authority) ? undefined : 'H2_CONNECT'
      }
    } else if ((seen & PSEUDO.protocol) !== 0) {
      return 'H2_CONNECT'
    }
    if ((seen & ORDINARY) !== ORDINARY) return 'H2_PSEUDO_MISSING'
    if ((seen & PSEUDO.authority) === 0 && this.#host === '') return 'H2_PSEUDO_MISSING'
    const target = this.#pseudo[Kinds.path]!
    if (target === '*' && method !== 'OPTIONS') return 'H2_PSEUDO_VALUE'
    return target.length > this.#limits.targetBytesMax ? 'H2_TARGET_TOO_LONG' : undefined
  }
}

function isSame(authority: string, host: string): boolean {
  return equalsIgnoreCase(authority, 0, authority.length, host)
}
