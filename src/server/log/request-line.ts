/** The line that one request leaves in the log. Its format is a contract: docs/request-log.md. */

import { hash } from 'node:crypto'
import { bareItem, quotedItem } from './escape.js'

/**
 * What is known of a request when its answer has been sent. An empty string stands for what is missing. All values are
 * taken as they came: the line escapes them.
 */
export interface RequestRecord {
  /** The address of the peer, which may be a proxy. */
  readonly address: string
  /** Host and port as the client named them. */
  readonly host: string
  readonly method: string
  /** The request target as it came. */
  readonly uri: string
  /** `1.0`, `1.1`, … */
  readonly version: string
  /** Octets of the request's content. */
  readonly requestBytes: number
  readonly status: number
  /** Octets of the answer's content. */
  readonly responseBytes: number
  readonly gtid: string
  readonly ltid: string
  /** The name of the user that the application has found. */
  readonly user: string
  /** The bearer token; the line shows a digest of it only. */
  readonly token: string
  readonly referer: string
  readonly userAgent: string
  /** The address that a trusted proxy names as the client's. */
  readonly realIp: string
  /** `M` for the main process, `W0`, `W1`, … for workers. */
  readonly worker: string
  /** Open connections of the worker. */
  readonly connections: number
  /** From the request's head to the begin of the answer, in milliseconds. */
  readonly handlingMs: number
  /** From there to its end, in milliseconds. */
  readonly transferMs: number
}

/**
 * The line, with its line end: items that are separated by one blank, in the documented order. `stamp` is date and
 * time, see `LocalClock`. Numbers are rounded to whole ones.
 */
export function requestLine(record: RequestRecord, stamp: string): string {
  const { requestBytes, status, responseBytes, token, connections } = record
  return (
    `${stamp} ${bareItem(record.address)} ${bareItem(record.host)} ${bareItem(record.method)} ` +
    `${bareItem(withoutTokens(record.uri))} ${bareItem(record.version)} ${requestBytes} ${status} ${responseBytes} ` +
    `${bareItem(record.gtid)} ${bareItem(record.ltid)} ${quotedItem(record.user)} ` +
    `${token === '' ? '-' : digest(token)} ${quotedItem(withoutTokens(record.referer))} ` +
    `${quotedItem(record.userAgent)} ${bareItem(record.realIp)} ${bareItem(record.worker)} ${connections} ` +
    `${Math.round(record.handlingMs)} ${Math.round(record.transferMs)}\n`
  )
}

/** Enough to tell tokens apart, and of no use to anybody else. */
function digest(token: string): string {
  return `sha256:${hash('sha256', token, 'hex').slice(0, 12)}`
}

/** RFC 6750 section 2.3 lets a bearer token stand in a query; there, too, the log shows the digest only. */
const TOKEN_PARAMETER = 'access_token='
const TOKEN_VALUE = /([?&#;]access_token=)([^&#;]+)/gi

function withoutTokens(uri: string): string {
  // Most addresses have no query at all; looking for it costs less than the pattern.
  if (!uri.includes('?') || !uri.toLowerCase().includes(TOKEN_PARAMETER)) return uri
  return uri.replace(TOKEN_VALUE, (_, name: string, token: string) => name + digest(token))
}

/** Date and time of the prefix of every line, `YYYY.MM.DD HH:MM:SS` in local time. Made anew once a second. */
export class LocalClock {
  readonly #now: () => number
  #second = Number.NaN
  #stamp = ''

  /** `now` is the wall clock, in milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now
  }

  stamp(): string {
    const second = Math.floor(this.#now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      const date = new Date(second * 1000)
      const [month, day, hour, minute, seconds] = [
        date.getMonth() + 1,
        date.getDate(),
        date.getHours(),
        date.getMinutes(),
        date.getSeconds(),
      ].map((part) => String(part).padStart(2, '0'))
      this.#stamp = `${date.getFullYear()}.${month}.${day} ${hour}:${minute}:${seconds}`
    }
    return this.#stamp
  }
}
