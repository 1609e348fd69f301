/** The header fields of a foreign response, as an exchange takes them. */

import { trimBlanks } from '../../protocols/core/http-syntax.js'
import { contentLengthOf } from '../../protocols/core/http-syntax.js'
import { nodeHttp } from './node/http-module.js'

/** What header fields say. */
export class OutgoingFields {
  /** Flat list: name, value. Without those that frame the message or speak of the connection. */
  readonly list: string[] = []
  /** Content-Length; -1 without one that is a number. */
  length = -1
  /** `Transfer-Encoding` names chunked. */
  chunked = false
  /** There is a field Trailer. */
  trailer = false
  /** `Connection: close`: this response is to be the last. */
  close = false

  /** One field, with one or several values. `validate` unless that was done before. Throws what Node throws. */
  add(name: string, value: unknown, validate: boolean): void {
    if (validate) nodeHttp().validateHeaderName(name)
    if (!Array.isArray(value)) return this.#line(name, value, validate)
    // Of several cookies a client understands only one line.
    if (value.length > 1 && name.toLowerCase() === 'cookie') return this.#line(name, value.join('; '), validate)
    for (const each of value as unknown[]) this.#line(name, each, validate)
  }

  #line(name: string, value: unknown, validate: boolean): void {
    if (validate) nodeHttp().validateHeaderValue(name, value as string)
    const text = typeof value === 'string' ? value : String(value)
    if (isOwn(name) && this.#keeps(name.toLowerCase(), text)) return
    this.list.push(name, blankAtEnds(text) ? trimBlanks(text) : text)
  }

  /** Takes note of a field that the engine writes itself; false for any other. */
  #keeps(name: string, value: string): boolean {
    switch (name) {
      case 'connection':
        this.close ||= /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(value)
        return true
      case 'content-length':
        this.length = contentLengthOf(value)
        return true
      case 'transfer-encoding':
        this.chunked ||= /(?:^|\W)chunked(?:$|\W)/i.test(value)
        return true
      case 'trailer':
        this.trailer = true
        return false
      case 'keep-alive':
      case 'proxy-connection':
        return true
      default:
        return false
    }
  }
}

/** Whether a name may be one of ours, by its length. */
function isOwn(name: string): boolean {
  const { length } = name
  return length === 10 || length === 14 || length === 17 || length === 7 || length === 16
}

function blankAtEnds(text: string): boolean {
  const first = text.charCodeAt(0)
  const last = text.charCodeAt(text.length - 1)
  return first === 0x20 || first === 0x09 || last === 0x20 || last === 0x09
}
