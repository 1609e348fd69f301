/** Turns what rooms and handlers give into a response on an exchange. */

import { FieldLines, type FieldsToSend } from '../protocols/http1/writer.js'
import { native } from '../protocols/core/native.js'
import type { ResponseState } from './app/response.js'
import { type HandlerValue, type Prepared, prepare, ResponseValue, type StreamBody } from './app/values.js'
import type { Exchange } from './exchange.js'
import type { Reply } from './reply.js'
import { isRangeable, withRange } from './app-range.js'

const NO_FIELDS: readonly string[] = []

/** Answers with what a handler returned. Throws for what cannot be sent; nothing has been sent then. */
export function answer(exchange: Exchange, value: HandlerValue, state: ResponseState | undefined): void {
  if (value instanceof ResponseValue)
    answerWith(exchange, value.status, value.body as HandlerValue, value.fields, state)
  else if (isWebResponse(value)) answerWith(exchange, value.status, value.body, webFields(value), state)
  else
    answerWith(exchange, state?.status || (value === undefined || value === null ? 204 : 200), value, NO_FIELDS, state)
}

function answerWith(
  exchange: Exchange,
  status: number,
  value: HandlerValue,
  own: readonly string[],
  state: ResponseState | undefined,
): void {
  const prepared = prepare(value as object | undefined)
  // The frequent case: content without fields of its own.
  if (own.length === 0 && (state === undefined || state.fields.length === 0)) {
    sendPrepared(exchange, status, prepared, prepared?.type ?? FieldLines.empty)
    return
  }
  const fields = merged(own, state?.fields ?? NO_FIELDS)
  if (prepared !== undefined && !hasField(fields, 'content-type')) fields.push('content-type', prepared.typeName)
  sendPrepared(exchange, status, prepared, fields)
}

function sendPrepared(exchange: Exchange, status: number, prepared: Prepared | undefined, fields: FieldsToSend): void {
  if (prepared === undefined) {
    exchange.send(status, fields, '')
    return
  }
  const { body } = prepared
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
    startStream(exchange, status, fields, body, -1)
    return
  }
  if (status === 200 && isRangeable(exchange)) {
    const octets = typeof body === 'string' ? Buffer.from(body) : body
    const reply = withRange(exchange, octets, fields)
    exchange.send(reply.status, reply.fields, reply.body)
    return
  }
  exchange.send(status, fields, body)
}

const replyLines: WeakMap<readonly string[], FieldLines> = new WeakMap()

/** Answers with the reply of a room. */
export function answerReply(exchange: Exchange, reply: Reply): void {
  let lines = replyLines.get(reply.fields)
  if (lines === undefined) {
    lines = new FieldLines(reply.fields)
    replyLines.set(reply.fields, lines)
  }
  const { status, body, length } = reply
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    if (body !== undefined && sizeOf(body) === length) {
      exchange.send(status, lines, body)
      return
    }
    exchange.sendHead(status, lines, length)
    exchange.sendEnd()
    return
  }
  startStream(exchange, status, lines, body, length)
}

function sizeOf(body: string | Uint8Array): number {
  return typeof body === 'string' ? native.utf8Length(body) : body.length
}

/** Sends the head, then the pieces as the client takes them. */
function startStream(exchange: Exchange, status: number, fields: FieldsToSend, body: StreamBody, length: number): void {
  const source = iteratorOf(body)
  let released = false
  const releaseOnce = (): void => {
    if (released) return
    released = true
    release(source, body)
  }
  try {
    exchange.sendHead(status, fields, length)
  } catch (error) {
    releaseOnce()
    throw error
  }
  if (exchange.over || exchange.method === 'HEAD') {
    releaseOnce()
    exchange.sendEnd()
    return
  }
  exchange.onLost(releaseOnce)
  void pump(exchange, source).then(
    () => (released = true),
    () => {
      // The head is out: all that is left to tell the client is that the rest is missing.
      releaseOnce()
      exchange.abort()
    },
  )
}

type Source = AsyncIterator<Uint8Array | string> | Iterator<Uint8Array | string>

async function pump(exchange: Exchange, source: Source): Promise<void> {
  for (;;) {
    const { done, value } = await source.next()
    if (exchange.over) return
    if (done === true) break
    const octets = typeof value === 'string' ? Buffer.from(value) : value
    if (!(octets instanceof Uint8Array)) throw new TypeError('a stream gives strings or bytes')
    exchange.sendData(octets)
    await exchange.drained()
  }
  exchange.sendEnd()
}

/** Tells the source that nobody takes more. It may be busy or throw: neither concerns the exchange any more. */
function release(source: Source, body: StreamBody): void {
  // A stream of Node that was never read closes its file only when it is destroyed.
  if ('destroy' in body && typeof body.destroy === 'function') {
    body.destroy()
    return
  }
  Promise.resolve(source.return?.()).catch(ignore)
}

function ignore(_error: unknown): void {
  // The iterator failed to clean up behind a client that has left: there is nobody to tell.
}

function iteratorOf(body: StreamBody): Source {
  if (Symbol.asyncIterator in body) return (body as AsyncIterable<Uint8Array | string>)[Symbol.asyncIterator]()
  if (Symbol.iterator in body) return body[Symbol.iterator]()
  throw new TypeError('the content cannot be iterated')
}

/** The fields of the call, behind those that were set before unless the call gives the same name. */
function merged(own: readonly string[], set: readonly string[]): string[] {
  const fields: string[] = []
  for (let i = 0; i < set.length; i += 2) if (!hasField(own, set[i]!)) fields.push(set[i]!, set[i + 1]!)
  return fields.concat(own)
}

function hasField(fields: readonly string[], name: string): boolean {
  const wanted = name.toLowerCase()
  for (let i = 0; i < fields.length; i += 2) if (fields[i]!.toLowerCase() === wanted) return true
  return false
}

/** Told by its tag: naming the global class would load the whole of fetch. */
function isWebResponse(value: HandlerValue): value is Response {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] === 'Response'
  )
}

/** Fields of a web `Response` but those that the engine writes. */
function webFields(response: Response): string[] {
  const fields: string[] = []
  for (const [name, value] of response.headers) if (!ENGINE_FIELDS.has(name)) fields.push(name, value)
  return fields
}

const ENGINE_FIELDS: ReadonlySet<string> = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding'])
