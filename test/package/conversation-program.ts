/**
 * A program that needs nothing but the pure subpaths of the package, and runs unchanged in every runtime: a whole
 * HTTP/2 conversation in memory, over links that cut and delay, and HPACK by itself.
 */

import { HpackDecoder, HpackEncoder } from 'skitai/hpack'
import { Http2Client, type Http2ClientEvent, Http2Server, type Http2ServerEvent } from 'skitai/http2'
import { simulate, type Subject } from 'skitai/testing'

/** What the program found out. */
export interface ConversationReport {
  /** How both sides ended. */
  readonly ends: readonly string[]
  /** Streams with status, octets of content and trailers, as the client saw them. */
  readonly responses: readonly string[]
  /** Of all events of both sides, and of all octets that both have sent. */
  readonly eventsHash: string
  readonly octetsHash: string
  /** Of a field block, and what is decoded from it. */
  readonly blockHash: string
  readonly fields: readonly string[]
}

/** What does not depend on how the engines cut and order what they send. */
export const expectedConversation: Omit<ConversationReport, 'eventsHash' | 'octetsHash' | 'blockHash'> = {
  ends: ['closed', 'closed'],
  responses: [
    '1: 200, 12 octets',
    '2: 200, 18 octets',
    '3: 200, 150000 octets, x-octets 150000',
    '5: reset',
    '7: 200, 6 octets',
  ],
  fields: [':method', 'GET', ':path', '/gr%C3%BC%C3%9Fe', 'cookie', 'a=b', 'x-text', 'f\u00fcr'],
}

/** Runs the conversation, and the field block. */
export function runConversation(): ConversationReport {
  const seen = new Map<number, Seen>()
  const { left, right } = simulate<Http2ClientEvent, Http2ServerEvent>({
    seed: 1,
    left: () => client(seen),
    right: server,
    leftToRight: { fragmentBytesMax: 3000, delayMs: [1, 20], coalesce: 0.2 },
    rightToLeft: { fragmentBytesMax: 5000, delayMs: [1, 20], coalesce: 0.2 },
  })
  return {
    ends: [left.last, right.last],
    responses: [...seen].toSorted(([a], [b]) => a - b).map(([streamId, response]) => `${streamId}: ${text(response)}`),
    eventsHash: hash([...left.log, ...right.log].join('\n')),
    octetsHash: hash([...left.sent, ...right.sent].join(' ')),
    ...runHpack(),
  }
}

/** A response as it comes. */
interface Seen {
  status: number
  octets: number
  trailers: string
}

function text({ status, octets, trailers }: Seen): string {
  return status === 0 ? 'reset' : `${status}, ${octets} octets${trailers}`
}

/** Asks for a page with a push, posts, takes a request back, and asks for something urgent. */
function client(seen: Map<number, Seen>): Subject<Http2ClientEvent> {
  const engine = new Http2Client({ push: true })
  const response = (streamId: number): Seen => {
    const found = seen.get(streamId) ?? { status: 0, octets: 0, trailers: '' }
    seen.set(streamId, found)
    return found
  }
  const ask = (target: string, fields: string[] = []): number =>
    engine.sendRequest({ method: 'GET', authority: 'example.test', target, fields })
  const begin = (): void => {
    ask('/page')
    engine.sendRequest({ method: 'POST', authority: 'example.test', target: '/echo' }, 'x'.repeat(150_000))
    const unwanted = ask('/unwanted')
    ask('/urgent', ['priority', 'u=0'])
    engine.reset(unwanted)
    response(unwanted)
    engine.ping()
  }
  const onEvent = (event: Http2ClientEvent): void => {
    if (event.type === 'response') response(event.streamId).status = event.status
    if (event.type === 'data') {
      response(event.streamId).octets += event.bytes.length
      engine.consume(event.streamId, event.bytes.length)
    }
    if (event.type === 'end')
      for (const [name, value] of event.trailers) response(event.streamId).trailers = `, ${name} ${value}`
  }
  return { engine, begin, onEvent }
}

/** Echoes, pushes, and leaves in two steps as soon as the urgent request has come. */
function server(): Subject<Http2ServerEvent> {
  const engine = new Http2Server({ date: () => 'Sun, 06 Nov 1994 08:49:37 GMT' })
  const octets = new Map<number, number>()
  const onEvent = (event: Http2ServerEvent): void => {
    if (event.type === 'request') onRequest(event.streamId, event.target, event.endStream)
    if (event.type === 'data') {
      octets.set(event.streamId, (octets.get(event.streamId) ?? 0) + event.bytes.length)
      engine.sendData(event.streamId, new Uint8Array(event.bytes))
      engine.consume(event.streamId, event.bytes.length)
    }
    if (event.type === 'end') engine.sendEnd(event.streamId, ['x-octets', String(octets.get(event.streamId))])
  }
  const onRequest = (streamId: number, target: string, endStream: boolean): void => {
    if (target === '/unwanted') return
    if (!endStream) return engine.sendHead(streamId, 200, [])
    if (target === '/page') {
      const head = { method: 'GET', scheme: 'https', authority: 'example.test', target: '/style.css' } as const
      const promisedId = engine.pushPromise(streamId, { ...head, fields: [] })
      engine.sendResponse(promisedId, 200, ['content-type', 'text/css'], 'body { margin: 0 }')
    }
    engine.sendResponse(streamId, 200, ['content-type', 'text/plain'], target === '/page' ? 'what a page!' : 'urgent')
    if (target === '/urgent') engine.announceClose()
  }
  return { engine, onEvent }
}

function runHpack(): Pick<ConversationReport, 'blockHash' | 'fields'> {
  const encoder = new HpackEncoder()
  const decoder = new HpackDecoder({ sectionBytesMax: 10_000 })
  const block = encoder.encode(expectedConversation.fields)
  decoder.begin()
  if (decoder.decode(block, 0, block.length) !== 0 || decoder.finish() !== 0) throw new Error('the block is malformed')
  return { blockHash: hash([...block].join(' ')), fields: decoder.takeList() }
}

/** FNV-1a of 32 bits, over the low octets of the characters. */
function hash(characters: string): string {
  let value = 0x81_1c_9d_c5
  for (let i = 0; i < characters.length; i++)
    value = Math.imul(value ^ (characters.charCodeAt(i) & 0xff), 0x01_00_01_93)
  return (value >>> 0).toString(16).padStart(8, '0')
}
