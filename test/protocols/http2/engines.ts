/** Engines behind the handshake, fed with lines in the notation of the vectors. */

import { Http2Client, type Http2ClientOptions, type Http2Limits, Http2Server } from 'skitai/http2'
import { concat, formatEvent, snapshot } from 'skitai/testing'
import { DATE } from '../../property/http1-support.js'
import { encodeLines, FramePrinter } from '../../vectors/http2-notation.js'

/** One engine, what it said, and what it wrote since the last question. */
export class Bench<Engine extends Http2Client | Http2Server> {
  readonly engine: Engine
  readonly #printer = new FramePrinter()
  now = 0

  constructor(engine: Engine, ...opening: readonly string[]) {
    this.engine = engine
    engine.start(0)
    this.output()
    this.receive(...opening)
    this.output()
  }

  /** The peer sends frames; gives the types of the events, those of faults with their codes. */
  receive(...lines: readonly string[]): string[] {
    this.engine.receive(encodeLines(lines), this.now)
    return this.events()
  }

  /** Time passes. */
  wait(ms: number): string[] {
    this.now += ms
    this.engine.advance(this.now)
    return this.events()
  }

  /** All events that are ready: `type`, `type streamId`, faults with their code. */
  events(): string[] {
    const list: string[] = []
    for (let event; (event = this.engine.poll()) !== undefined;) {
      if (event.type === 'data') this.engine.consume(event.streamId, event.bytes.length)
      const parts = [event.type, 'streamId' in event ? event.streamId : '', 'code' in event ? event.code : '']
      if (formatEvent(snapshot(event)) === '') throw new Error('an event without a form')
      list.push(parts.filter((part) => part !== '').join(' '))
    }
    return list
  }

  /** The frames that were written, as lines. */
  output(): string[] {
    const blocks: Uint8Array[] = []
    for (let block; (block = this.engine.output()) !== undefined;) blocks.push(new Uint8Array(block))
    return this.#printer.print(concat(blocks))
  }
}

/** A server behind the handshake. */
export function server(limits: Partial<Http2Limits> = {}, connectProtocol = false): Bench<Http2Server> {
  return new Bench(
    new Http2Server({ date: () => DATE, limits, connectProtocol }),
    'preface',
    'SETTINGS',
    'SETTINGS ack',
  )
}

/** A client behind the handshake. */
export function client(options: Http2ClientOptions = {}, ...settings: readonly string[]): Bench<Http2Client> {
  return new Bench(new Http2Client(options), `SETTINGS ${settings.join(' ')}`, 'SETTINGS ack')
}

/** The lines of a request. */
export function request(method: string, streamId: number, ends: boolean, ...fields: readonly string[]): string[] {
  const lines = [`HEADERS ${streamId}${ends ? ' end_stream' : ''}`, `  :method: ${method}`]
  if (method !== 'CONNECT') lines.push('  :scheme: https', '  :path: /')
  return [...lines, `  :authority: ${method === 'CONNECT' ? 'a:1' : 'a'}`, ...fields.map((field) => `  ${field}`)]
}
