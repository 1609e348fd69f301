/** One engine against a peer that sends whatever it likes, under a virtual clock; what that costs is measured. */

import assert from 'node:assert/strict'
import {
  errorCodeName,
  FRAME_HEADER_BYTES,
  FrameTypes,
  Http2Client,
  type Http2ClientEvent,
  type Http2FatalEvent,
  type Http2Limits,
  http2Limits,
  Http2Server,
  type Http2ServerEvent,
  type Millis,
} from 'skitai/http2'
import { concat } from 'skitai/testing'
import { DATE } from '../property/http1-support.js'
import { encodeLines } from '../vectors/http2-notation.js'

/** What an engine gives and what the attacked application does with it. */
type Reaction<Engine, Event> = (engine: Engine, event: Event, now: Millis) => void

/** An engine under attack. The peer may refuse to take output: set `takes`. */
export class Victim<
  Engine extends Http2Server | Http2Client = Http2Server,
  Event extends { readonly type: string } = Http2ServerEvent,
> {
  readonly engine: Engine
  now: Millis = 0
  /** Whether the peer takes output. */
  takes = true
  /** How many events of each type came. */
  readonly events: Map<string, number> = new Map()
  /** How often each fault of a stream came. */
  readonly faults: Map<string, number> = new Map()
  /** How many frames of each type the engine wrote, and their octets. */
  readonly frames: Map<number, number> = new Map()
  /** Error codes of GOAWAY and RST_STREAM that the engine wrote, in order. */
  readonly goaways: string[] = []
  readonly resets: string[] = []
  /** The greatest that was seen. */
  readonly peak = { outputBytes: 0, inputBytes: 0, streams: 0 }
  sentBytes = 0
  writtenBytes = 0
  /** The last event of the connection: `closed`, or `fatal` and its code. */
  end = ''

  readonly #react: Reaction<Engine, Event> | undefined
  #unread: Uint8Array = new Uint8Array(0)

  constructor(engine: Engine, react?: Reaction<Engine, Event>) {
    this.engine = engine
    this.#react = react
    engine.start(0)
    this.#drain()
  }

  /** The peer sends octets; false when the connection has ended. An engine that wants no input gets none. */
  send(octets: Uint8Array): boolean {
    if (!this.engine.wantsInput) return this.end === ''
    this.sentBytes += octets.length
    this.engine.receive(octets, this.now)
    this.#drain()
    this.#measure()
    return this.end === ''
  }

  /** The same for lines in the notation of the vectors. */
  sendLines(...lines: readonly string[]): boolean {
    return this.send(encodeLines(lines))
  }

  /** Sends octets, a function of the round, until the connection ends or so many rounds have passed; gives how many. */
  flood(rounds: number, octets: (round: number) => Uint8Array): number {
    for (let round = 0; round < rounds; round++) if (!this.send(octets(round))) return round + 1
    return rounds
  }

  /** Time passes; every deadline on the way fires. */
  wait(ms: Millis): void {
    const until = this.now + ms
    for (let next = this.engine.deadline(); next <= until; next = this.engine.deadline()) {
      this.now = Math.max(this.now, next)
      this.engine.advance(this.now)
      this.#drain()
    }
    this.now = until
  }

  /** The application acts outside of an event. */
  command(run: (engine: Engine) => void): void {
    this.engine.advance(this.now)
    this.#drain()
    run(this.engine)
    this.#drain()
  }

  count(type: string): number {
    return this.events.get(type) ?? 0
  }

  /** How many frames of a type were written. */
  written(type: number): number {
    return this.frames.get(type) ?? 0
  }

  /** Numbers of the streams that live. */
  get streams(): string[] {
    return Object.keys(this.engine.describeState()['streams'] as object)
  }

  /** The connection has ended for `code`, GOAWAY said so, and nothing is left of it. */
  assertEnded(code: string, errorCode: string): void {
    this.takes = true
    this.#drain()
    assert.equal(this.end, `fatal ${code}`)
    assert.equal(this.goaways.at(-1), errorCode)
    this.assertEmpty()
  }

  /** The connection lives, and the engine found no fault. */
  assertWell(): void {
    assert.equal(this.end, '')
    assert.deepEqual([...this.faults], [])
    assert.deepEqual(this.goaways, [])
  }

  /** Nothing is held any more: no stream, no octet, no deadline; what still comes is not looked at. */
  assertEmpty(): void {
    const { engine } = this
    assert.equal(engine.deadline(), Infinity)
    assert.equal(engine.outputBytes, 0)
    assert.equal(engine.wantsInput, false)
    const { over, inputBytes, streams } = engine.describeState()
    assert.deepEqual({ over, inputBytes, streams }, { over: true, inputBytes: 0, streams: {} })
    engine.receive(encodeLines(['PING "too late"', 'DATA 1 "too late"']), this.now)
    engine.receiveEnd(this.now)
    engine.advance(this.now + 1e9)
    assert.equal(engine.poll(), undefined)
    assert.equal(engine.output(), undefined)
  }

  #drain(): void {
    for (let more = true; more;) {
      more = false
      for (let event; (event = this.engine.poll() as Event | undefined) !== undefined; more = true) this.#see(event)
      for (let block; this.takes && (block = this.engine.output()) !== undefined; more = true) this.#scan(block)
    }
  }

  #see(event: Event): void {
    const { type } = event
    assert.equal(this.end, '', `${type} after the end`)
    this.events.set(type, this.count(type) + 1)
    if (type === 'streamFault') {
      const { code } = event as unknown as { readonly code: string }
      this.faults.set(code, (this.faults.get(code) ?? 0) + 1)
    }
    if (type === 'fatal') this.end = `fatal ${(event as unknown as Http2FatalEvent).code}`
    if (type === 'closed') this.end = 'closed'
    this.#measure()
    this.#react?.(this.engine, event, this.now)
  }

  #measure(): void {
    const { peak, engine } = this
    const { inputBytes, streams } = engine.describeState() as { inputBytes: number; streams: object }
    peak.outputBytes = Math.max(peak.outputBytes, engine.outputBytes)
    peak.inputBytes = Math.max(peak.inputBytes, inputBytes)
    peak.streams = Math.max(peak.streams, Object.keys(streams).length)
  }

  /** Goes through the frames of what was written. */
  #scan(block: Uint8Array): void {
    this.writtenBytes += block.length
    const octets = this.#unread.length === 0 ? new Uint8Array(block) : concat([this.#unread, block])
    let at = this.engine instanceof Http2Client && this.writtenBytes === block.length ? PREFACE_BYTES : 0
    while (octets.length - at >= FRAME_HEADER_BYTES) {
      const view = new DataView(octets.buffer, octets.byteOffset + at)
      const end = at + FRAME_HEADER_BYTES + (view.getUint32(0) >>> 8)
      if (end > octets.length) break
      const type = octets[at + 3]!
      this.frames.set(type, this.written(type) + 1)
      if (type === FrameTypes.goaway) this.goaways.push(errorCodeName(view.getUint32(13)) ?? 'unknown')
      if (type === FrameTypes.rstStream) this.resets.push(errorCodeName(view.getUint32(9)) ?? 'unknown')
      at = end
    }
    this.#unread = octets.slice(at)
  }
}

const PREFACE_BYTES = 24

/** The most output that may wait: what bounds it, and the answer to the frame that passed the bound. */
export const OUTPUT_BYTES_MAX: number = http2Limits.outputBytesMax + 65_536

/** A server that answers each request at its end with 204, or as the application says; behind the handshake. */
export function attackedServer(
  react: Reaction<Http2Server, Http2ServerEvent> = answer,
  limits: Partial<Http2Limits> = {},
): Victim {
  const victim = new Victim(new Http2Server({ date: () => DATE, limits }), react)
  victim.sendLines('preface', 'SETTINGS', 'SETTINGS ack')
  return victim
}

/** Answers each request with 204 when it is complete, and takes its content. */
export function answer(engine: Http2Server, event: Http2ServerEvent): void {
  if (event.type === 'data') engine.consume(event.streamId, event.bytes.length)
  if (event.type === 'end' || (event.type === 'request' && event.endStream))
    engine.sendResponse(event.streamId, 204, [])
  if (event.type === 'reset' || event.type === 'streamFault') engine.release(event.streamId)
}

/** A client behind the handshake. */
export function attackedClient(
  react: Reaction<Http2Client, Http2ClientEvent> = () => {},
  options: { readonly limits?: Partial<Http2Limits>; readonly push?: boolean } = {},
): Victim<Http2Client, Http2ClientEvent> {
  const victim = new Victim<Http2Client, Http2ClientEvent>(new Http2Client(options), react)
  victim.sendLines('SETTINGS', 'SETTINGS ack')
  return victim
}

/** The lines of a GET, complete. */
export function get(streamId: number, ...fields: readonly string[]): string[] {
  return head('GET', streamId, true, fields)
}

/** The lines of a POST whose content follows. */
export function post(streamId: number, ...fields: readonly string[]): string[] {
  return head('POST', streamId, false, fields)
}

function head(method: string, streamId: number, ends: boolean, fields: readonly string[]): string[] {
  return [
    `HEADERS ${streamId}${ends ? ' end_stream' : ''}`,
    `  :method: ${method}`,
    '  :scheme: https',
    '  :authority: a',
    '  :path: /',
    ...fields.map((field) => `  ${field}`),
  ]
}

/** The number of the nth stream of a client, from 0. */
export function nth(index: number): number {
  return 2 * index + 1
}

/** What another connection of the same process does meanwhile: it asks, and is answered at once. */
export class Bystander {
  readonly #victim = attackedServer()
  #asked = 0

  /** One more request; throws when it is not answered. */
  ask(): void {
    assert.ok(this.#victim.sendLines(...get(nth(this.#asked++))))
    this.#victim.wait(1)
    this.#victim.assertWell()
    assert.equal(this.#victim.written(FrameTypes.headers), this.#asked)
  }
}
