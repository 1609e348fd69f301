/** Turns what rooms and handlers give into a response on an exchange. */

import { FieldLines, type FieldsToSend } from '../protocols/http1/writer.js'
import { native } from '../protocols/core/native.js'
import { type HandlerValue, prepare, type Prepared, ResponseValue, type StreamBody } from './app/values.js'
import { SizedContent } from './app/other-values.js'
import { Was } from './app/was.js'
import type { ResponseState } from './app/response.js'
import { codingFor, compressedOctetsMin, encodedFields, isCompressible, varying } from './compression.js'
import { encodeContent } from './content-codings.js'
import { fieldOf } from './field-list.js'
import { conditionalReply } from './app-conditional.js'
import { FileValue } from './app/response-values.js'
import { replyForFile } from './static/single-file.js'
import { octetsOf, sourceOf, type BodySource } from './body-source.js'
import { isConditional } from './conditional.js'
import type { Exchange } from './exchange.js'
import { keepPrivate } from './personal.js'
import type { Reply } from './reply.js'

const NO_FIELDS: readonly string[] = []

/** Told when content fails behind its head; to end the exchange is up to it. Must not throw. */
export type BrokenListener = (error: unknown, exchange: Exchange) => void

/** Answers with what a handler returned. Throws for what cannot be sent; nothing has been sent then. */
export function answer(exchange: Exchange, value: HandlerValue, was: Was, onBroken: BrokenListener): void {
  const state = Was.responseState(was)
  let status = state?.status || (value === undefined || value === null ? 204 : 200)
  let body = value
  let own = NO_FIELDS
  if (value instanceof FileValue) return answerFile(exchange, value, was, onBroken)
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
  const prepared = prepare(body as object | undefined, was.app?.options.prettyJson)
  const squeezable = prepared !== undefined && isSqueezable(prepared, own, state, was)
  // The frequent case: content without fields of its own, all of which is wanted.
  const personal = Was.isPersonal(was)
  const plain = own.length === 0 && !personal && (state === undefined || state.isBare) && Was.lasting(was).length === 0
  if (!squeezable && plain && !exchange.fields.has('range')) {
    sendContent(exchange, status, prepared?.type ?? FieldLines.empty, prepared?.body, onBroken, was)
    return
  }
  let fields = merged(own, state?.fields ?? NO_FIELDS, was)
  if (personal || hasField(fields, 'set-cookie')) keepPrivate(fields)
  if (prepared === undefined) {
    exchange.send(status, fields, '')
    return
  }
  if (!hasField(fields, 'content-type')) fields.push('content-type', prepared.typeName)
  if (squeezable) fields = varying(fields)
  const send = squeezable ? sendEncoded : sendContent
  const reads = exchange.method === 'GET' || exchange.method === 'HEAD'
  if (status !== 200 || !reads || !isConditional(exchange.fields)) {
    send(exchange, status, fields, prepared.body, onBroken, was)
    return
  }
  const reply = conditionalReply(exchange, fields, prepared.body)
  if (reply.body === undefined && !isWhole(prepared.body)) sourceOf(prepared.body).release()
  send(exchange, reply.status, reply.fields, reply.body, onBroken, was)
}

/** Whether the content is worth being compressed for who can take it. */
function isSqueezable(
  { body, typeName }: Prepared,
  own: readonly string[],
  state: ResponseState | undefined,
  was: Was,
): boolean {
  if (!isWhole(body) || body.length < compressedOctetsMin) return false
  const type = fieldOf(own, 'content-type') ?? state?.get('content-type') ?? typeName
  return isCompressible(body, type, was.app?.options.compress)
}

/** Sends content in the coding that the client likes best, if it may be and is shorter. */
function sendEncoded(
  exchange: Exchange,
  status: number,
  fields: readonly string[],
  body: string | Uint8Array | StreamBody | undefined,
  onBroken: BrokenListener,
  was: Was,
): void {
  const whole = body !== undefined && isWhole(body) ? octetsOf(body) : undefined
  const coding = whole && codingFor(exchange, status, fields, was.app?.options.compress)
  if (whole === undefined || coding === undefined) return sendContent(exchange, status, fields, body, onBroken, was)
  const encode = async (): Promise<void> => {
    const encoded = await encodeContent(coding, whole)
    const shorter = encoded.length < whole.length
    const lines = shorter ? encodedFields(fields, coding) : fields
    sendContent(exchange, status, lines, shorter ? encoded : whole, onBroken, was)
  }
  encode().catch((error: unknown) => onBroken(error, exchange))
}

/** Files are answered as those of static directories; the fields of the handler come with them. */
function answerFile(exchange: Exchange, file: FileValue, was: Was, onBroken: BrokenListener): void {
  const state = Was.responseState(was)
  const set = state?.fields ?? NO_FIELDS
  const reply = replyForFile(exchange, file, state?.status === 200 ? 0 : (state?.status ?? 0))
  const personal = Was.isPersonal(was)
  if (!personal && set.length === 0 && Was.lasting(was).length === 0) return answerReply(exchange, reply, onBroken)
  const fields = merged(reply.fields, set, was)
  if (personal || hasField(fields, 'set-cookie')) keepPrivate(fields)
  answerReply(exchange, { ...reply, fields }, onBroken)
}

function sendContent(
  exchange: Exchange,
  status: number,
  fields: FieldsToSend,
  body: string | Uint8Array | StreamBody | undefined,
  onBroken: BrokenListener,
  was: Was,
): void {
  const trailers = trailersOf(exchange, was)
  const trailed = body !== undefined && trailers.length > 0 && canTrail(exchange, status)
  const announced = trailed ? announce(fields, trailers) : fields
  if (body === undefined) exchange.send(status, announced, '')
  else if (!isWhole(body)) startStream(exchange, status, announced, body, trailed ? -1 : lengthOf(body), onBroken, was)
  else if (trailed) sendTrailed(exchange, status, announced, body, trailers)
  else exchange.send(status, announced, body)
}

/** The trailer fields that are set by now: a stream may set more. */
function trailersOf(exchange: Exchange, was: Was | undefined): readonly string[] {
  const state = was === undefined ? undefined : Was.responseState(was)
  return state === undefined || exchange.method === 'HEAD' ? NO_FIELDS : state.trailers
}

/** An HTTP/1.0 client has no place for trailer fields, nor has a response without content. */
function canTrail(exchange: Exchange, status: number): boolean {
  return exchange.version !== '1.0' && status !== 204 && status !== 205 && status !== 304
}

/** Names the trailer fields in Trailer (RFC 9110 section 6.6.2). */
function announce(fields: FieldsToSend, trailers: readonly string[]): string[] {
  const names = trailers.filter((_, index) => index % 2 === 0)
  return [...(fields instanceof FieldLines ? fields.list : fields), 'trailer', names.join(', ')]
}

/** Content whose size is known has trailer fields only when it is sent as if it were not. */
function sendTrailed(
  exchange: Exchange,
  status: number,
  fields: FieldsToSend,
  body: string | Uint8Array,
  trailers: readonly string[],
): void {
  exchange.sendHead(status, fields, -1)
  exchange.sendData(octetsOf(body))
  exchange.sendEnd(trailers)
}

/** The octets of a stream where they are known; else -1. */
function lengthOf(body: StreamBody): number {
  return body instanceof SizedContent ? body.length : -1
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

/** Sends the head, then the pieces as the client takes them. Throws when the head cannot be sent. */
export function startStream(
  exchange: Exchange,
  status: number,
  fields: FieldsToSend,
  body: StreamBody,
  length: number,
  onBroken: BrokenListener,
  was?: Was,
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
  void pump(exchange, source, was).then(
    () => (released = true),
    (error: unknown) => {
      // The head is out: all that is left to tell the client is that the rest is missing.
      release()
      onBroken(error, exchange)
    },
  )
}

async function pump(exchange: Exchange, source: BodySource, was: Was | undefined): Promise<void> {
  for (;;) {
    const { done, value } = await source.next()
    if (exchange.over) return
    if (done === true) break
    exchange.sendData(octetsOf(value))
    await exchange.drained()
  }
  exchange.sendEnd(trailersOf(exchange, was))
}

/**
 * The fields of the call, behind those that were set before unless the call gives the same name. Cookies add up: each
 * has a name of its own; and so does what the response varies by, which caches would give to others.
 */
function merged(own: readonly string[], set: readonly string[], was: Was): string[] {
  const fields: string[] = []
  for (let i = 0; i < set.length; i += 2)
    if (!hasField(own, set[i]!) || ADDS_UP.test(set[i]!)) fields.push(set[i]!, set[i + 1]!)
  const all = fields.concat(own)
  const lasting = Was.lasting(was)
  for (let i = 0; i < lasting.length; i += 2) if (lasting[i] === 'vary') addVary(all, lasting[i + 1]!)
  return all
}

const ADDS_UP = /^(?:set-cookie|vary)$/i

/** Adds a line of Vary unless it is there as it is. */
function addVary(fields: string[], value: string): void {
  for (let i = 0; i < fields.length; i += 2) if (fields[i + 1] === value && fields[i]!.toLowerCase() === 'vary') return
  fields.push('vary', value)
}

function hasField(fields: readonly string[], name: string): boolean {
  return fieldOf(fields, name) !== undefined
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
