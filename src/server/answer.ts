/** Turns what rooms and handlers give into a response on an exchange. */

import { FieldLines, type FieldsToSend } from '../protocols/http1/writer.js'
import { native } from '../protocols/core/native.js'
import type { ResponseState } from './app/response.js'
import { type HandlerValue, prepare, ResponseValue, type StreamBody } from './app/values.js'
import { conditionalReply } from './app-conditional.js'
import { octetsOf, sourceOf, type BodySource } from './body-source.js'
import { isConditional } from './conditional.js'
import type { Exchange } from './exchange.js'
import type { Reply } from './reply.js'

const NO_FIELDS: readonly string[] = []

/** Told when content fails behind its head; to end the exchange is up to it. Must not throw. */
export type BrokenListener = (error: unknown, exchange: Exchange) => void

/** Answers with what a handler returned. Throws for what cannot be sent; nothing has been sent then. */
export function answer(
  exchange: Exchange,
  value: HandlerValue,
  state: ResponseState | undefined,
  onBroken: BrokenListener,
): void {
  let status = state?.status || (value === undefined || value === null ? 204 : 200)
  let body = value
  let own = NO_FIELDS
  if (value instanceof ResponseValue) {
    status = value.status
    body = value.body as HandlerValue
    own = value.fields
  } else if (isWebResponse(value)) {
    if (value.bodyUsed) throw new TypeError('the content of the Response was read before')
    status = value.status
    body = value.body
    own = webFields(value)
  }
  if (status < 200) throw new TypeError(`a handler answers with 200 to 599, not with ${status}`)
  const prepared = prepare(body as object | undefined)
  // The frequent case: content without fields of its own, all of which is wanted.
  if (own.length === 0 && (state === undefined || state.fields.length === 0) && !exchange.fields.has('range')) {
    sendContent(exchange, status, prepared?.type ?? FieldLines.empty, prepared?.body, onBroken)
    return
  }
  const fields = merged(own, state?.fields ?? NO_FIELDS)
  if (prepared === undefined) {
    exchange.send(status, fields, '')
    return
  }
  if (!hasField(fields, 'content-type')) fields.push('content-type', prepared.typeName)
  const reads = exchange.method === 'GET' || exchange.method === 'HEAD'
  if (status !== 200 || !reads || !isConditional(exchange.fields)) {
    sendContent(exchange, status, fields, prepared.body, onBroken)
    return
  }
  const reply = conditionalReply(exchange, fields, prepared.body)
  if (reply.body === undefined && !isWhole(prepared.body)) sourceOf(prepared.body).release()
  sendContent(exchange, reply.status, reply.fields, reply.body, onBroken)
}

function sendContent(
  exchange: Exchange,
  status: number,
  fields: FieldsToSend,
  body: string | Uint8Array | StreamBody | undefined,
  onBroken: BrokenListener,
): void {
  if (body === undefined || isWhole(body)) exchange.send(status, fields, body ?? '')
  else startStream(exchange, status, fields, body, -1, onBroken)
}

function isWhole(body: string | Uint8Array | StreamBody): body is string | Uint8Array {
  return typeof body === 'string' || body instanceof Uint8Array
}

const replyLines: WeakMap<readonly string[], FieldLines> = new WeakMap()

/** Answers with the reply of a room. */
export function answerReply(exchange: Exchange, reply: Reply, onBroken: BrokenListener): void {
  let lines = replyLines.get(reply.fields)
  if (lines === undefined) {
    lines = new FieldLines(reply.fields)
    replyLines.set(reply.fields, lines)
  }
  const { status, body, length } = reply
  if (body === undefined || isWhole(body)) {
    if (body !== undefined && sizeOf(body) === length) {
      exchange.send(status, lines, body)
      return
    }
    exchange.sendHead(status, lines, length)
    exchange.sendEnd()
    return
  }
  startStream(exchange, status, lines, body, length, onBroken)
}

function sizeOf(body: string | Uint8Array): number {
  return typeof body === 'string' ? native.utf8Length(body) : body.length
}

/** Sends the head, then the pieces as the client takes them. */
function startStream(
  exchange: Exchange,
  status: number,
  fields: FieldsToSend,
  body: StreamBody,
  length: number,
  onBroken: BrokenListener,
): void {
  const source = sourceOf(body)
  let released = false
  const release = (): void => {
    if (released) return
    released = true
    source.release()
  }
  try {
    exchange.sendHead(status, fields, length)
  } catch (error) {
    release()
    throw error
  }
  if (exchange.over || exchange.method === 'HEAD' || status === 204 || status === 205 || status === 304) {
    release()
    exchange.sendEnd()
    return
  }
  exchange.onLost(release)
  void pump(exchange, source).then(
    () => (released = true),
    (error: unknown) => {
      // The head is out: all that is left to tell the client is that the rest is missing.
      release()
      onBroken(error, exchange)
    },
  )
}

async function pump(exchange: Exchange, source: BodySource): Promise<void> {
  for (;;) {
    const { done, value } = await source.next()
    if (exchange.over) return
    if (done === true) break
    exchange.sendData(octetsOf(value))
    await exchange.drained()
  }
  exchange.sendEnd()
}

/**
 * The fields of the call, behind those that were set before unless the call gives the same name. Cookies add up: each
 * has a name of its own.
 */
function merged(own: readonly string[], set: readonly string[]): string[] {
  const fields: string[] = []
  for (let i = 0; i < set.length; i += 2)
    if (!hasField(own, set[i]!) || set[i]!.toLowerCase() === 'set-cookie') fields.push(set[i]!, set[i + 1]!)
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

/** Fields of a web `Response` but those that the engine writes or that speak of another connection. */
function webFields(response: Response): string[] {
  const fields: string[] = []
  for (const [name, value] of response.headers) if (!CONNECTION_FIELDS.has(name)) fields.push(name, value)
  return fields
}

const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
