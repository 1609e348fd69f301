/**
 * A response as Node has it: a real `http.ServerResponse`, all of whose public methods are Node's own. Only the lowest
 * of them, which would write HTTP/1.1 to a socket, give what they get to an exchange instead.
 */

import { UsageError } from '../../../protocols/core/errors.js'
import { ForeignContext, guarded } from '../context.js'
import type { Family } from './family.js'
import { nodeHttp } from './http-module.js'
import { closeRequest, type Incoming } from './incoming.js'
import { OutgoingFields } from '../outgoing-fields.js'
import { announced, readHead, reasonOf } from './outgoing-head.js'
import { type Callback, type Outgoing, type Piece, type State, STATE } from './outgoing-state.js'
import type { ForeignSocket } from './socket.js'

/** Output from which the end of a response waits for the client, so that it is known whether it came through. */
const HIGH_WATER_BYTES = 65_536

const NO_FIELDS: readonly string[] = []

/**
 * Makes the response. What differs is a property of the object, because frameworks replace its prototype by one of
 * their own that inherits from Node's.
 */
export function createResponse(
  request: Incoming,
  context: ForeignContext,
  socket: ForeignSocket,
  Response: Family['response'],
): Outgoing {
  const response = new Response(request as never) as Outgoing
  response[STATE] = {
    context,
    exchange: ForeignContext.exchange(context),
    foreignSocket: socket,
    fields: undefined,
    headSent: false,
    ending: false,
    held: undefined,
    heldEncoding: null,
    complete: false,
    draining: false,
    callbacks: undefined,
    hints: NO_FIELDS,
    closed: false,
  }
  response._storeHeader = storeHeader
  response._send = send
  response._writeRaw = writeRaw
  response._finish = finish
  response._flushOutput = flushOutput
  response.writeEarlyHints = writeEarlyHints
  response.end = end as Outgoing['end']
  response.assignSocket(socket as never)
  return response
}

/** Takes the head that `writeHead` has made. Nothing is sent yet. */
function storeHeader(this: Outgoing, firstLine: string, headers: unknown): void {
  const fields = readHead(this, headers)
  if (fields.length >= 0) this._contentLength = fields.length
  this[STATE].fields = fields
  this._header = firstLine
}

/** Over HTTP/1.1 an app may end the connection. */
function announceClose({ exchange, fields }: State): void {
  if (fields?.close === true && exchange.version !== '2.0') exchange.connection.announceClose()
}

function sendHead(response: Outgoing, state: State): void {
  const fields = state.fields!
  state.headSent = true
  announceClose(state)
  state.exchange.sendHead(response.statusCode, fields.list, announced(response, fields), reasonOf(response))
}

/** A piece of content, or nothing for the head alone. Gives whether more is wanted now. */
function send(
  this: Outgoing,
  data: Piece,
  encoding: BufferEncoding | null = null,
  callback: Callback | null = null,
): boolean {
  const state = this[STATE]
  const { exchange } = state
  const asked = isAsked(callback)
  if (asked) (state.callbacks ??= []).push(callback!)
  if (exchange.over || state.foreignSocket.destroyed) return false
  state.foreignSocket.touch()
  if (state.ending) {
    // The end follows at once: what it gives may be the whole of the content.
    if (data.length === 0) return true
    if (!state.headSent) {
      state.held = data
      state.heldEncoding = encoding
      return true
    }
  }
  if (!state.headSent) sendHead(this, state)
  if (data.length > 0) exchange.sendData(octetsOf(data, encoding, asked))
  if (state.ending) return true
  const room = exchange.outputBytes < state.foreignSocket.writableHighWaterMark
  if (!room || state.callbacks !== undefined) awaitRoom(this, state)
  return room
}

/** Whether the application has given the callback: then it may use its memory again when that is called. */
function isAsked(callback: Callback | null): boolean {
  return callback !== null && callback.name !== 'nop'
}

function octetsOf(data: Piece, encoding: BufferEncoding | null, copy: boolean): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, encoding ?? 'utf8')
  return copy ? Buffer.from(data) : data
}

/** Tells when there is room for more: callbacks, and `drain`. */
function awaitRoom(response: Outgoing, state: State): void {
  if (state.draining) return
  state.draining = true
  void state.exchange.drained().then(() => drained(response, state))
}

function drained(response: Outgoing, state: State): void {
  state.draining = false
  if (state.complete || state.exchange.over) return
  guarded(state.context, () => {
    callBack(state)
    if (!response.finished) response._flush()
  })
}

function callBack(state: State): void {
  const { callbacks } = state
  state.callbacks = undefined
  if (callbacks !== undefined) for (const callback of callbacks) callback()
}

/** For Node's own `_flush`, which tells `drain` where that was wanted: there is nothing left to flush. */
function flushOutput(this: Outgoing): boolean {
  return true
}

/** Interim responses come as text. */
function writeRaw(
  this: Outgoing,
  data: Piece,
  encoding?: BufferEncoding | Callback | null,
  callback?: Callback | null,
): boolean {
  const { exchange } = this[STATE]
  const done = typeof encoding === 'function' ? encoding : callback
  const [first = '', ...lines] = String(data).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (1\d\d) /.exec(first)?.[1])
  if (!exchange.over && !exchange.answered && status >= 100)
    exchange.inform(status, status === 103 ? [...fieldsOf(lines), ...this[STATE].hints] : fieldsOf(lines))
  if (typeof done === 'function') process.nextTick(done)
  return true
}

/** Node checks none of these fields: they could end a line and begin another one. */
function writeEarlyHints(this: Outgoing, hints: Record<string, string | string[]>, callback?: () => void): void {
  const { validateHeaderName, validateHeaderValue, ServerResponse } = nodeHttp()
  const fields = new OutgoingFields()
  if (typeof hints === 'object' && hints !== null)
    for (const name of Object.keys(hints)) {
      validateHeaderName(name)
      for (const value of [hints[name]].flat()) validateHeaderValue(name, String(value))
      if (name !== 'link') fields.add(name, hints[name], true)
    }
  this[STATE].hints = fields.list
  ServerResponse.prototype.writeEarlyHints.call(
    this,
    typeof hints === 'object' && hints !== null ? { link: hints['link']! } : hints,
    callback,
  )
}

function fieldsOf(lines: readonly string[]): string[] {
  const fields: string[] = []
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon > 0) fields.push(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  return fields
}

function end(this: Outgoing, ...given: Parameters<Outgoing['end']>): Outgoing {
  const state = this[STATE]
  state.ending = true
  try {
    nodeHttp().ServerResponse.prototype.end.apply(this, given)
  } finally {
    state.ending = false
  }
  return this
}

/** Node calls it when the last piece has been given. */
function finish(this: Outgoing): void {
  const state = this[STATE]
  if (state.complete) return
  ;(nodeHttp().ServerResponse.prototype as Outgoing)._finish.call(this)
  state.complete = true
  if (state.exchange.over) return
  try {
    complete(this, state)
  } catch (error) {
    ForeignContext.fail(state.context, error)
  }
}

function complete(response: Outgoing, state: State): void {
  const { exchange, held } = state
  const trailers = response._trailer === '' ? undefined : fieldsOf(response._trailer.split('\r\n'))
  if (!state.headSent) {
    const fields = state.fields!
    if (trailers === undefined && response._hasBody && (held === undefined || held.length < HIGH_WATER_BYTES)) {
      const body = held === undefined ? '' : isUtf8(state) ? held : octetsOf(held, state.heldEncoding, false)
      if (fields.length >= 0 && fields.length !== Buffer.byteLength(body)) throw mismatch()
      state.headSent = true
      announceClose(state)
      exchange.send(response.statusCode, fields.list, body, reasonOf(response))
      process.nextTick(finished, response)
      return
    }
    sendHead(response, state)
    if (held !== undefined) exchange.sendData(octetsOf(held, state.heldEncoding, false))
  }
  if (exchange.outputBytes < HIGH_WATER_BYTES) return endContent(response, state, trailers)
  void exchange.drained().then(() => guarded(state.context, () => endContent(response, state, trailers)))
}

function isUtf8({ held, heldEncoding }: State): boolean {
  return typeof held !== 'string' || heldEncoding === null || heldEncoding === 'utf8' || heldEncoding === 'utf-8'
}

function endContent(response: Outgoing, state: State, trailers: readonly string[] | undefined): void {
  if (state.exchange.over) return
  state.exchange.sendEnd(trailers)
  process.nextTick(finished, response)
}

/** As a server of Node does it: it lets go of the socket and the request, then come `finish` and `close`. */
function finished(response: Outgoing): void {
  const state = response[STATE]
  if (state.closed) return
  detach(response, state)
  guarded(state.context, () => {
    closeRequest(response.req)
    callBack(state)
  })
  closeResponse(response)
}

function detach(response: Outgoing, { foreignSocket }: State): void {
  if (foreignSocket._httpMessage !== response) return
  response.detachSocket(foreignSocket as never)
  foreignSocket.rest()
}

/** The response is over, in order or not: it lets go of the socket and tells so. */
export function closeResponse(response: Outgoing): void {
  const state = response[STATE]
  if (state.closed) return
  state.closed = true
  detach(response, state)
  if (response.listenerCount('close') > 0) process.nextTick(tellClosed, response)
  else markClosed(response)
}

function tellClosed(response: Outgoing): void {
  if (response._closed) return
  markClosed(response)
  guarded(response[STATE].context, () => response.emit('close'))
}

function markClosed(response: Outgoing): void {
  response.destroyed = true
  response._closed = true
}

function mismatch(): UsageError {
  return new UsageError('H1_LENGTH', 'the content has another size than Content-Length says')
}
