/**
 * Sequences of commands on both roles at once, with octets that go to and fro in pieces, and time that passes. A
 * command works, or throws a UsageError and changes nothing; no engine finds a fault in the other; what one has sent
 * the other gets, in order.
 */

import { concat, latin1Of, sameBytes } from 'skitai/testing'
import {
  PreparedMessage,
  UsageError,
  WebSocketClient,
  type WebSocketEngine,
  type WebSocketEvent,
  WebSocketServer,
} from 'skitai/websocket'
import { zlibCompression } from 'skitai/io'
import { ensure } from './http1-oracles.js'
import { NEGOTIATED, SMALL_LIMITS } from './websocket-subjects.js'

/** One octet chooses what happens, the next ones say with what. */
export function fuzz(data: Uint8Array): void {
  const run = new Run(data)
  while (!run.empty) run.step()
  run.finish()
}

/** What an honest peer may bring about: limits that only we know, races, deadlines. */
const HONEST: readonly string[] = [
  'WS_INFLATE_RATIO',
  'WS_FRAME_TOO_LARGE',
  'WS_MESSAGE_TOO_LARGE',
  'WS_FRAGMENTS',
  'WS_CONTROL_FLOOD',
  'WS_FRAME_TIMEOUT',
  'WS_OUTPUT_TOO_LARGE',
  'WS_WRITE_TIMEOUT',
  'WS_CLOSE_TIMEOUT',
  'WS_TRUNCATED',
]

/** One end: its engine, what was written and not yet carried over, and the messages both ways. */
interface End {
  readonly name: string
  readonly engine: WebSocketEngine
  wire: Uint8Array[]
  last: string
  readonly sent: Uint8Array[]
  received: number
  /** Parts of the message that is sent, and of the one that comes, in pieces. */
  sending: Uint8Array[]
  receiving: Uint8Array[]
}

class Run {
  readonly #data: Uint8Array
  #at = 0
  #now = 0
  readonly #ends: readonly [End, End]

  constructor(data: Uint8Array) {
    this.#data = data
    const options = this.#octet()
    const common = {
      deflate: NEGOTIATED[(options >> 2) & 3],
      compression: zlibCompression,
      thresholdBytes: options & 64 ? 0 : 50,
    }
    const limits = (bit: number): object => (options & bit ? SMALL_LIMITS : {})
    const client = new WebSocketClient({
      ...common,
      limits: limits(1),
      pieces: (options & 16) !== 0,
      maskingKey: () => 0x01020304,
    })
    const server = new WebSocketServer({ ...common, limits: limits(2), pieces: (options & 32) !== 0 })
    this.#ends = [endOf('client', client), endOf('server', server)]
    for (const { engine } of this.#ends) engine.start(0)
  }

  get empty(): boolean {
    return this.#at >= this.#data.length
  }

  step(): void {
    const choice = this.#octet()
    const [client, server] = this.#ends
    if (choice < 60) {
      const [from, to] = choice & 1 ? [client, server] : [server, client]
      this.#carry(from, to, choice < 30 ? Infinity : this.#octet())
    } else if (choice < 70) this.#pass(this.#octet() * 100)
    else if (choice < 72) this.#ends[choice & 1]!.engine.receiveEnd(this.#now)
    else this.#command(choice & 32 ? client : server, choice & 15)
    this.#drain()
  }

  finish(): void {
    for (const { engine } of this.#ends) engine.hold(false)
    this.#settle()
    for (let left = 40; left > 0; left--) this.#pass(5000)
    for (const { engine } of this.#ends) engine.receiveEnd(this.#now)
    this.#settle()
    this.#pass(60_000)
    for (const { engine } of this.#ends) engine.abort()
    this.#drain()
    for (const { name, last } of this.#ends) ensure(last !== '', `the ${name} has no last event`)
  }

  #octet(): number {
    return this.#data[this.#at++] ?? 0
  }

  #octets(): Uint8Array {
    const size = this.#octet()
    const part = this.#data.slice(this.#at, this.#at + size)
    this.#at += size
    return part
  }

  /** Carries at most so many octets from one end to the other. */
  #carry(from: End, to: End, most: number): void {
    for (let left = most; left > 0 && from.wire.length > 0;) {
      // A driver pauses when no input is wanted.
      if (!to.engine.wantsInput && to.last === '') return
      const block = from.wire[0]!
      const part = block.slice(0, Math.min(left, block.length))
      if (part.length === block.length) from.wire.shift()
      else from.wire[0] = block.subarray(part.length)
      left -= part.length
      to.engine.receive(part, this.#now)
      this.#drain()
      ensure((to.engine.describeState()['inputBytes'] as number) <= 20_000, 'too much input is held')
    }
  }

  /** Carries all there is, until nothing moves. */
  #settle(): void {
    this.#drain()
    const [client, server] = this.#ends
    for (let left = 1000; client.wire.length + server.wire.length > 0; left--) {
      ensure(left > 0, 'octets without end')
      const before = client.wire.length + server.wire.length
      this.#carry(client, server, Infinity)
      this.#carry(server, client, Infinity)
      if (client.wire.length + server.wire.length >= before) return
    }
  }

  #pass(ms: number): void {
    this.#now += ms
    for (const { engine } of this.#ends) {
      for (let left = 100; engine.deadline() <= this.#now; left--) {
        ensure(left > 0, 'a deadline that stays due')
        engine.advance(this.#now)
        this.#drain()
      }
    }
  }

  #command(end: End, choice: number): void {
    const state = (): string =>
      JSON.stringify(this.#ends.map(({ engine }) => [engine.describeState(), engine.deadline()]))
    for (const { engine } of this.#ends) engine.advance(this.#now)
    this.#drain()
    const before = state()
    const { over } = end.engine
    try {
      this.#act(end, choice, over)
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      ensure(before === state(), `${error.message}: changed ${before} to ${state()}`)
    }
  }

  #act(end: End, choice: number, over: boolean): void {
    const { engine } = end
    switch (choice) {
      case 0:
      case 1: {
        const text = latin1Of(this.#octets())
        engine.sendText(text, choice === 0)
        return this.#sent(end, new TextEncoder().encode(text), over)
      }
      case 2:
      case 3: {
        const octets = this.#octets()
        engine.sendBinary(octets.slice(), choice === 2)
        return this.#sent(end, octets, over)
      }
      case 4: {
        const octets = this.#octets()
        engine.sendPrepared(new PreparedMessage(octets))
        return this.#sent(end, octets, over)
      }
      case 5:
      case 6:
        engine.beginMessage(choice === 5 ? 'text' : 'binary', this.#octet() < 128)
        end.sending = []
        return
      case 7:
      case 8: {
        const octets = this.#octets()
        engine.sendPiece(octets.slice())
        end.sending.push(octets)
        return
      }
      case 9:
        engine.endMessage()
        return this.#sent(end, concat(end.sending), over)
      case 10:
        return engine.ping(this.#octets())
      case 11:
        return engine.pong(this.#octets())
      case 12:
        return this.#octet() < 60 ? engine.close(1000 + this.#octet() * 16, latin1Of(this.#octets())) : undefined
      case 13:
        return this.#octet() < 20 ? engine.abort() : undefined
      case 14:
        return engine.hold(this.#octet() < 128)
      default: {
        const octets = new Uint8Array(this.#octet() * 200)
        engine.sendBinary(octets.slice())
        return this.#sent(end, octets, over)
      }
    }
  }

  /** A message is on its way, unless the engine had ended or does so for it. */
  #sent(end: End, octets: Uint8Array, over: boolean): void {
    if (!over && !end.engine.over) end.sent.push(octets)
  }

  #drain(): void {
    for (const end of this.#ends) {
      const { engine } = end
      for (let left = 20_000, more = true; more;) {
        more = false
        for (let event = engine.poll(); event !== undefined; event = engine.poll(), more = true) {
          ensure(--left > 0, 'events without end')
          this.#see(end, event)
        }
        for (let block = engine.output(); block !== undefined; block = engine.output(), more = true) {
          ensure(--left > 0 && block.length > 0, 'output without end, or empty')
          end.wire.push(new Uint8Array(block))
        }
      }
      ensure(engine.outputBytes === 0, 'outputBytes after all was taken')
      ensure(end.last === '' || engine.deadline() === Infinity, 'a deadline is left')
    }
  }

  #see(end: End, event: WebSocketEvent): void {
    ensure(end.last === '', `${event.type} after ${end.last}`)
    switch (event.type) {
      case 'text':
        return this.#received(end, new TextEncoder().encode(event.text))
      case 'binary':
        return this.#received(end, event.bytes)
      case 'message':
        end.receiving = []
        return
      case 'data':
        end.receiving.push(event.bytes)
        return
      case 'end':
        return this.#received(end, concat(end.receiving))
      case 'fatal':
        ensure(HONEST.includes(event.code), `the ${end.name} finds ${event.code} in an honest peer`)
        end.last = event.type
        return
      case 'closed':
        end.last = event.type
        return
      default:
    }
  }

  #received(end: End, octets: Uint8Array): void {
    const other = this.#ends[end === this.#ends[0] ? 1 : 0]
    const sent = other.sent[end.received++]
    ensure(sent !== undefined && sameBytes(sent, octets), `the ${end.name} has got what was not sent`)
  }
}

function endOf(name: string, engine: WebSocketEngine): End {
  return { name, engine, wire: [], last: '', sent: [], received: 0, sending: [], receiving: [] }
}
