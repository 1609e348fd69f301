/** A request as Node has it: a real `http.IncomingMessage`, fed by an exchange. */

import type { IncomingMessage } from 'node:http'
import type { Exchange } from '../../exchange.js'
import { encodePath } from '../../path.js'
import { pathBelow } from '../../mounts.js'
import { ForeignContext, guarded } from '../context.js'
import type { Family } from './family.js'
import { nodeHttp } from './http-module.js'
import type { ForeignSocket } from './socket.js'

const CONTENT: unique symbol = Symbol('content')

/** What Node keeps for itself, and what applications add. */
interface Internals {
  _consuming: boolean
  _dumped: boolean
  readonly _eventsCount: number
  readonly _readableState: {
    ended: boolean
    endEmitted: boolean
    destroyed: boolean
    closed: boolean
    closeEmitted: boolean
  }
  _addHeaderLines(list: string[], count: number): void
  _dump(): void
  headersDistinct: NodeJS.Dict<string[]>
  originalUrl?: string
  baseUrl?: string
  [CONTENT]: Content
}

/** A request whose content comes from an exchange. */
export type Incoming = IncomingMessage & Internals

/** The content on its way into the stream. */
interface Content {
  readonly context: ForeignContext
  readonly exchange: Exchange
  readonly socket: ForeignSocket
  reading: boolean
  begun: boolean
  ended: boolean
  /** The response is complete, and the rest of the content will not come. */
  cut: boolean
}

/**
 * Makes the request. Methods that differ are properties of the object, because frameworks replace its prototype by one
 * of their own that inherits from Node's.
 */
export function createRequest(context: ForeignContext, socket: ForeignSocket, Request: Family['request']): Incoming {
  const exchange = ForeignContext.exchange(context)
  const { path, point } = ForeignContext.place(context)
  const request = new Request(socket as never) as Incoming
  request.method = exchange.method
  request.url = exchange.target
  if (point !== '/') {
    request.url = urlBelow(exchange.target, path, point)
    request.originalUrl = exchange.target
    request.baseUrl = point
  }
  request.httpVersion = '1.1'
  request.httpVersionMajor = 1
  request.httpVersionMinor = 1
  if (exchange.version === '1.0') {
    request.httpVersion = '1.0'
    request.httpVersionMinor = 0
  }
  addFields(request, exchange)
  request[CONTENT] = { context, exchange, socket, reading: false, begun: false, ended: false, cut: false }
  request._read = read
  return request
}

/** HTTP/2 is told of last: a response of Node takes its number for that of something older than HTTP/1.1. */
export function tellVersion(request: Incoming): void {
  if (request[CONTENT].exchange.version !== '2.0') return
  request.httpVersion = '2.0'
  request.httpVersionMajor = 2
  request.httpVersionMinor = 0
}

/** The part of the target behind the mount point; as it came, unless the client has written the point otherwise. */
function urlBelow(target: string, path: string, point: string): string {
  if (target.startsWith(point) && target.charCodeAt(point.length) === 0x2f) return target.slice(point.length)
  const mark = target.indexOf('?')
  return encodePath(pathBelow(path, point)) + (mark < 0 ? '' : target.slice(mark))
}

function addFields(request: Incoming, exchange: Exchange): void {
  const { headers: fields, contentLength, version } = exchange
  const { count } = fields
  const list: string[] = []
  let hostile = false
  for (let index = 0; index < count; index++) {
    const name = fields.rawName(index)
    hostile ||= name.length === 9 && name.toLowerCase() === '__proto__'
    list.push(name, fields.value(index))
  }
  // Over HTTP/2 content may come without any field that says so, and parsers of bodies look for one.
  if (contentLength < 0 && version === '2.0') list.push('transfer-encoding', 'chunked')
  request._addHeaderLines(list, list.length)
  if (hostile) request.headersDistinct = distinct(list)
}

/** Some versions of Node fail for a field with this name (CVE-2026-21710). */
function distinct(list: readonly string[]): NodeJS.Dict<string[]> {
  const values = Object.create(null) as NodeJS.Dict<string[]>
  for (let i = 0; i < list.length; i += 2) (values[list[i]!.toLowerCase()] ??= []).push(list[i + 1]!)
  return values
}

function read(this: Incoming, size: number): void {
  nodeHttp().IncomingMessage.prototype._read.call(this, size)
  const content = this[CONTENT]
  if (content.reading || content.ended) return
  const { body } = content.exchange
  if (content.cut || (body.complete && body.queuedBytes === 0)) return end(this, content)
  if (!content.begun) {
    content.begun = true
    try {
      body.take()
    } catch (error) {
      this.destroy(error as Error)
      return
    }
  }
  content.reading = true
  body.read().then(
    (piece) => guarded(content.context, () => take(this, content, piece)),
    () => {
      // Why it ends is told to `abortRequest` or `closeRequest`.
      content.reading = false
      if (content.cut) end(this, content)
    },
  )
}

function take(request: Incoming, content: Content, piece: Uint8Array | undefined): void {
  content.reading = false
  if (request.destroyed) return
  content.socket.touch()
  if (piece === undefined) end(request, content)
  else request.push(piece)
}

function end(request: Incoming, content: Content): void {
  if (content.ended || request.destroyed) return
  content.ended = true
  request.complete = true
  if (content.begun) {
    const { trailers } = content.exchange.body
    const list: string[] = []
    for (let index = 0; index < trailers.count; index++) list.push(trailers.rawName(index), trailers.value(index))
    request._addHeaderLines(list, list.length)
  }
  request.push(null)
}

/** A request without content is complete when it has been handed over. */
export function markComplete(request: Incoming): void {
  if (request[CONTENT].exchange.contentLength === 0) request.complete = true
}

/** The client has left before the response was complete. */
export function abortRequest(request: Incoming): void {
  if (!request.destroyed) request.destroy(aborted())
}

/**
 * The response is complete. What nobody has begun to read is read to its end and dropped. A reader gets what has come;
 * if that is not all, it is told that the rest is missing.
 */
export function closeRequest(request: Incoming): void {
  if (request.destroyed) return
  const content = request[CONTENT]
  const whole = content.ended || content.exchange.body.complete
  if (!request._consuming) {
    request.complete = true
    if (request._eventsCount === 0) return settle(request)
    content.cut = !whole
    request._dump()
  } else if (!whole) {
    request.destroy(aborted())
  }
}

/**
 * Leaves the stream as it is when it was read to its end and closed. Nobody listens: the five turns that this takes a
 * stream are a tenth of the time of a small answer.
 */
function settle(request: Incoming): void {
  request._dumped = true
  const state = request._readableState
  state.ended = true
  state.endEmitted = true
  state.destroyed = true
  state.closed = true
  state.closeEmitted = true
}

function aborted(): Error {
  return Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
}
