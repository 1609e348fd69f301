/**
 * Sequences of commands on both roles at once, with octets that go to and fro in pieces, and time that passes. A
 * command works, or throws a UsageError and changes nothing; no engine finds a fault in the other.
 */

import { Http2Client, type Http2ClientEvent, Http2Server, type Http2ServerEvent, UsageError } from 'skitai/http2'
import { latin1Of } from 'skitai/testing'
import { ensure } from './http1-oracles.js'
import { SMALL_LIMITS } from './http2-subjects.js'

/** One octet chooses what happens, the next ones say with what. */
export function fuzz(data: Uint8Array): void {
  const run = new Run(data)
  while (!run.empty) run.step()
  run.finish()
}

/** What an honest peer may bring about: limits that only we know, races, deadlines. */
const HONEST: readonly string[] = [
  'H2_STREAM_REFUSED',
  'H2_PUSH_REFUSED',
  'H2_INFORMS_TOO_MANY',
  'H2_FIELDS_TOO_LARGE',
  'H2_TRAILERS_TOO_LARGE',
  'H2_TARGET_TOO_LONG',
  'H2_CONTENT_TOO_LARGE',
  'H2_EXPECTATION',
  'H2_CONTINUATIONS_TOO_MANY',
  'H2_TUNNEL',
  'H2_STREAM_CLOSED',
  'H2_TRUNCATED',
  'H2_TRUNCATED_FRAME',
  'H2_BODY_TIMEOUT',
  'H2_RESPONSE_TIMEOUT',
  'H2_STREAM_STALLED',
  'H2_RESETS_TOO_MANY',
  'H2_FAULTS_TOO_MANY',
  'H2_CONTROL_FLOOD',
  'H2_PING_TIMEOUT',
  'H2_WRITE_TIMEOUT',
  'H2_PEER_GONE',
  'H2_PREFACE_TIMEOUT',
  'H2_SETTINGS_TIMEOUT',
  'H2_FRAME_TIMEOUT',
]

type Engine = Http2Client | Http2Server

/** One end: its engine, and what was written and not yet carried over. */
interface End {
  readonly name: string
  readonly engine: Engine
  wire: Uint8Array[]
  last: string
}

class Run {
  readonly #data: Uint8Array
  #at = 0
  #now = 0
  readonly #client: Http2Client
  readonly #server: Http2Server
  readonly #ends: readonly [End, End]

  constructor(data: Uint8Array) {
    this.#data = data
    const options = this.#octet()
    const [client, server] = [options & 1, options & 2].map((bit) =>
      bit ? { ...SMALL_LIMITS, bodyBytesMax: 300 } : {},
    )
    this.#client = new Http2Client({ limits: client!, push: (options & 4) !== 0 })
    this.#server = new Http2Server({
      date: () => 'Thu, 01 Jan 1970 00:00:00 GMT',
      limits: server!,
      connectProtocol: (options & 8) !== 0,
    })
    this.#ends = [
      { name: 'client', engine: this.#client, wire: [], last: '' },
      { name: 'server', engine: this.#server, wire: [], last: '' },
    ]
    for (const { engine } of this.#ends) engine.start(0)
    if ((options & 16) === 0) this.#settle()
  }

  get empty(): boolean {
    return this.#at >= this.#data.length
  }

  step(): void {
    const choice = this.#octet()
    if (choice < 50)
      this.#carry(this.#ends[choice & 1]!, this.#ends[1 - (choice & 1)]!, choice < 25 ? Infinity : this.#octet())
    else if (choice < 60) this.#pass(this.#octet() * 100)
    else if (choice < 62) this.#ends[choice & 1]!.engine.receiveEnd(this.#now)
    else this.#command(() => this.#act(choice & 31, choice & 32 ? this.#server : this.#client))
    this.#drain()
  }

  finish(): void {
    this.#settle()
    for (let left = 40; left > 0; left--) this.#pass(60_000)
    for (const { engine } of this.#ends) engine.receiveEnd(this.#now)
    this.#settle()
    for (let left = 40; left > 0; left--) this.#pass(60_000)
    for (const { engine } of this.#ends) engine.abort()
    this.#drain()
    for (const { name, last, engine } of this.#ends) {
      ensure(last !== '', `the ${name} has no last event`)
      ensure(Object.keys(engine.describeState()['streams'] as object).length === 0, `streams are left in the ${name}`)
    }
  }

  #octet(): number {
    return this.#data[this.#at++] ?? 0
  }

  #octets(max = 255): Uint8Array {
    const size = Math.min(this.#octet(), max)
    const part = this.#data.slice(this.#at, this.#at + size)
    this.#at += size
    return part
  }

  #text(): string {
    return latin1Of(this.#octets(10))
  }

  #fields(): string[] {
    const known = ['x-a', 'Date', 'TE', 'Expect', 'Cookie', 'Connection', 'Priority', 'Content-Length']
    return Array.from({ length: this.#octet() & 3 }, () => {
      const choice = this.#octet()
      return [choice & 8 ? this.#text() : known[choice & 7]!, choice & 16 ? this.#text() : 'b']
    }).flat()
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
      ensure((to.engine.describeState()['inputBytes'] as number) <= 17_000, 'too much input is held')
    }
  }

  /** Carries all there is, until nothing moves. */
  #settle(): void {
    this.#drain()
    const [client, server] = this.#ends
    for (let left = 10_000; client.wire.length + server.wire.length > 0; left--) {
      ensure(left > 0, 'octets without end')
      const before = client.wire.length + server.wire.length
      this.#carry(client, server, Infinity)
      this.#carry(server, client, Infinity)
      // Both may be waiting for the other to take its output, which these do at once.
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

  #command(command: () => void): void {
    const state = (): string =>
      JSON.stringify(this.#ends.map(({ engine }) => [engine.describeState(), engine.deadline()]))
    for (const { engine } of this.#ends) engine.advance(this.#now)
    this.#drain()
    const before = state()
    try {
      command()
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      ensure(before === state(), `${error.message}: changed ${before} to ${state()}`)
    }
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

  #see(end: End, event: Http2ServerEvent | Http2ClientEvent): void {
    ensure(end.last === '', `${event.type} after ${end.last}`)
    if (event.type === 'closed' || event.type === 'fatal') end.last = event.type
    if (event.type === 'fatal' || event.type === 'streamFault')
      ensure(HONEST.includes(event.code), `the ${end.name} finds ${event.code} in an honest peer`)
    if (event.type === 'data' && this.#octet() < 200) end.engine.consume(event.streamId, event.bytes.length)
    if (end.engine instanceof Http2Server && (event.type === 'reset' || event.type === 'streamFault'))
      end.engine.release(event.streamId)
    if (end.engine instanceof Http2Server && event.type === 'end' && this.#octet() < 128)
      this.#attempt(() => this.#server.sendResponse(event.streamId, 200, [], this.#octets()))
  }

  #attempt(command: () => void): void {
    try {
      command()
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
    }
  }

  /** What both roles do, then what one of them does. */
  #act(choice: number, engine: Engine): void {
    const id = this.#octet() & 31
    switch (choice) {
      case 0:
      case 1:
      case 2:
        return engine.sendData(id, this.#octets())
      case 3:
      case 4:
        return engine.sendEnd(id, choice === 3 ? undefined : this.#fields())
      case 5:
        return engine.reset(id, this.#octet())
      case 6:
        return engine.consume(id, this.#octet() * 10)
      case 7:
        return engine.ping()
      case 8:
        return engine.announceClose()
      case 9:
        return this.#octet() < 60 ? engine.close() : undefined
      case 10:
        return this.#octet() < 20 ? engine.abort() : undefined
      case 11:
        return engine.sendData(id, new Uint8Array(this.#octet() * 300))
      default:
        return engine instanceof Http2Server ? this.#serve(engine, choice, id) : this.#ask(engine, choice, id)
    }
  }

  #serve(engine: Http2Server, choice: number, id: number): void {
    const status = 100 + this.#octet() * 2
    switch (choice) {
      case 12:
      case 13:
        return engine.sendResponse(id, status, this.#fields(), this.#octets())
      case 14:
        return engine.sendResponse(id, 200, this.#fields(), this.#text())
      case 15:
      case 16:
        return engine.sendHead(id, status, this.#fields(), this.#octet() - 1)
      case 17:
      case 18:
        return engine.sendHead(id, 200, this.#fields())
      case 19:
        return engine.sendInform(id, status, this.#fields())
      case 20:
        return engine.sendContinue(id)
      case 21:
      case 22: {
        const target = `/${this.#text()}`
        engine.pushPromise(id, { method: 'GET', scheme: 'https', authority: 'a', target, fields: this.#fields() })
        return
      }
      case 23:
        return engine.setPriority(id, { urgency: status & 7, incremental: status > 300 })
      case 24:
        return engine.release(id)
      default:
        return engine.sendResponse(id, 200, [], new Uint8Array(status * 100))
    }
  }

  #ask(engine: Http2Client, choice: number, id: number): void {
    switch (choice) {
      case 12:
      case 13:
      case 14:
        engine.sendRequest({ method: 'GET', authority: 'a', target: `/${this.#text()}`, fields: this.#fields() })
        return
      case 15:
      case 16:
        engine.sendRequest({ method: 'POST', authority: 'a', fields: this.#fields() }, this.#octets())
        return
      case 17:
      case 18:
        engine.sendHead({ method: 'PUT', authority: 'a', fields: this.#fields() }, this.#octet() - 1)
        return
      case 19:
        engine.sendHead({ method: 'CONNECT', authority: 'a:1' })
        return
      case 20:
        engine.sendHead({ method: 'CONNECT', authority: 'a', protocol: 'x' })
        return
      case 21:
        engine.sendRequest({ method: this.#text(), authority: this.#text(), target: this.#text() })
        return
      case 22:
        return engine.sendPriority(id, { urgency: this.#octet() & 15, incremental: true })
      case 23:
        engine.sendRequest({ method: 'HEAD', authority: 'a' })
        return
      default:
        engine.sendRequest({ method: 'POST', authority: 'a' }, new Uint8Array(this.#octet() * 500))
    }
  }
}
