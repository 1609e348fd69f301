/** A web `Response` on its way to an exchange, past its stream where its content is known. */

import { setImmediate } from 'node:timers/promises'
import type { FieldsToSend } from '../../../protocols/http1/writer.js'
import { FieldLines } from '../../../protocols/http1/writer.js'
import { startStream } from '../../answer.js'
import type { Exchange } from '../../exchange.js'
import { ForeignContext } from '../context.js'
import { OutgoingFields } from '../outgoing-fields.js'
import { LightResponse } from './light-response.js'

/** Answers with a response. Throws for what is none, or was read before; nothing has been sent then. */
export function answerResponse(context: ForeignContext, response: unknown): void {
  if (!isResponse(response)) throw new TypeError('a fetch handler answers with a Response')
  const exchange = ForeignContext.exchange(context)
  const plain = LightResponse.plain(response)
  if (plain === undefined) return answerNative(context, exchange, response)
  const { status, fields, body = '' } = plain
  if (fields instanceof FieldLines) {
    sendWhole(exchange, status, fields, -1, body)
    return
  }
  const outgoing = outgoingOf(exchange, fields, false)
  sendWhole(exchange, status, outgoing.list, outgoing.length, body)
}

function answerNative(context: ForeignContext, exchange: Exchange, response: Response): void {
  const { status } = response
  if (status < 200) throw new TypeError(`a response has a status from 200 to 599, not ${status}`)
  if (response.bodyUsed) throw new TypeError('the content of the Response was read before')
  // What fetch has got is decoded already: what the server there said of its coding and size does not hold.
  const fields = outgoingOf(
    exchange,
    response.headers,
    response.type !== 'default' && response.headers.has('content-encoding'),
  )
  const known = knownContent(response)
  const reason = response.statusText || undefined
  if (known !== undefined) return sendWhole(exchange, status, fields.list, fields.length, known, reason)
  const body = response.body as ReadableStream<Uint8Array> | null
  if (body === null) return sendWhole(exchange, status, fields.list, fields.length, '', reason)
  void answerStream(context, response, fields, body).catch((error: unknown) => ForeignContext.fail(context, error))
}

/** Content that was put into another response, as middleware does, is there as a whole, in one piece. */
const READY_PIECES_MAX = 2

/** Takes what is there without waiting: if that is all, it is sent as a whole. Else the rest follows as it comes. */
async function answerStream(
  context: ForeignContext,
  { status, statusText }: Response,
  fields: OutgoingFields,
  body: ReadableStream<Uint8Array>,
): Promise<void> {
  const exchange = ForeignContext.exchange(context)
  const reader = body.getReader()
  const ready: Uint8Array[] = []
  let next: ReturnType<typeof reader.read> | undefined = reader.read()
  let waited = false
  for (let count = 0; fields.length < 0 && count <= READY_PIECES_MAX; count++) {
    let read = await Promise.race([next, nothingYet()])
    if (read === undefined && !waited) {
      // Some streams need a turn to find out what they have.
      waited = true
      read = await Promise.race([next, setImmediate(undefined)])
    }
    if (read === undefined) break
    if (read.done) return sendWhole(exchange, status, fields.list, -1, joined(ready), statusText || undefined)
    ready.push(read.value)
    next = reader.read()
  }
  // Whoever breaks off must not find a failure that nobody has heard of.
  next.catch(ignore)
  const rest = {
    [Symbol.asyncIterator]: (): AsyncIterator<Uint8Array> => ({
      next: async () => {
        const piece = ready.shift()
        if (piece !== undefined) return { done: false, value: piece }
        const read = await (next ?? reader.read())
        next = undefined
        return read.done ? { done: true, value: undefined } : { done: false, value: read.value }
      },
      return: async () => {
        await reader.cancel(new Error('nobody takes the rest'))
        return { done: true, value: undefined }
      },
    }),
  }
  startStream(exchange, status, fields.list, rest, fields.length, (error) => ForeignContext.fail(context, error))
}

/** Comes a moment later than what is there. */
async function nothingYet(): Promise<undefined> {
  await undefined
  await undefined
  return undefined
}

function ignore(): void {
  // Whoever takes the piece is told.
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
}

/** By its tag: it may come from another copy of the class. */
function isResponse(value: unknown): value is Response {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'Response'
  )
}

const DECODED: readonly string[] = ['content-encoding', 'content-length']

function outgoingOf(
  exchange: Exchange,
  headers: Iterable<readonly [string, string]>,
  decoded: boolean,
): OutgoingFields {
  const fields = new OutgoingFields()
  for (const [name, value] of headers) {
    // There are no trailer fields in a Response.
    if (name === 'trailer' || (decoded && DECODED.includes(name))) continue
    fields.add(name, value, false)
  }
  if (fields.close && exchange.version !== '2.0') exchange.connection.announceClose()
  return fields
}

/** `length` is what Content-Length says, -1 without one: it counts where there is no content to measure. */
function sendWhole(
  exchange: Exchange,
  status: number,
  fields: FieldsToSend,
  length: number,
  body: string | Uint8Array,
  reason?: string,
): void {
  if (status === 204 || status === 205 || status === 304 || (exchange.method === 'HEAD' && body.length === 0)) {
    exchange.sendHead(status, fields, status === 204 || status === 205 ? -1 : length, reason)
    exchange.sendEnd()
    return
  }
  exchange.send(status, fields, body, reason)
}

/** The name under which a class of the runtime keeps what it was made of; not all versions have one. */
let stateName: symbol | undefined | null = null

/**
 * The content, where the response was made of text or bytes and nobody has touched its stream. Only looked at, and
 * only where it has the form that is expected; undefined otherwise.
 */
function knownContent(response: Response): string | Uint8Array | undefined {
  if (stateName === null) {
    const names = Object.getOwnPropertySymbols(new Response())
    stateName = names.find(({ description }) => description === 'state')
  }
  if (stateName === undefined) return undefined
  const state = Reflect.get(response, stateName) as
    | { readonly body?: { readonly stream?: { readonly locked?: boolean }; readonly source?: unknown } | null }
    | undefined
  const body = state?.body
  if (body === undefined || body === null || body.stream?.locked !== false) return undefined
  return typeof body.source === 'string' || body.source instanceof Uint8Array ? body.source : undefined
}
