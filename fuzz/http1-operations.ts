/**
 * Sequences of commands and happenings on both roles. Whatever is done in whatever order: a command either works or
 * throws a UsageError and changes nothing; nothing else throws; what an engine writes is a stream that the other role
 * can read.
 */

import { Http1Client, Http1Server, UsageError } from 'skitai/http1'
import { latin1Of } from 'skitai/testing'
import { ensure } from './http1-oracles.js'

/** One octet chooses what happens, the next ones say with what. */
export function fuzz(data: Uint8Array): void {
  const source = new Source(data)
  const run = source.octet() & 1 ? new ClientRun(source) : new ServerRun(source)
  run.begin()
  while (!source.empty) run.step()
  run.finish()
}

/** Octets as decisions; zeros when they have run out. */
class Source {
  readonly #data: Uint8Array
  #at = 0

  constructor(data: Uint8Array) {
    this.#data = data
  }

  get empty(): boolean {
    return this.#at >= this.#data.length
  }

  octet(): number {
    return this.#data[this.#at++] ?? 0
  }

  /** Up to `max` octets; one octet says how many. */
  octets(max = 255): Uint8Array {
    const size = Math.min(this.octet(), max)
    const part = this.#data.slice(this.#at, this.#at + size)
    this.#at += size
    return part
  }

  text(): string {
    return latin1Of(this.octets(12))
  }

  fields(): string[] {
    const known = ['x-a', 'Date', 'Upgrade', 'TE', 'Expect', 'Content-Length', 'Connection', 'Trailer']
    return Array.from({ length: this.octet() & 3 }, () => {
      const choice = this.octet()
      return [choice & 8 ? this.text() : known[choice & 7]!, choice & 16 ? this.text() : 'b']
    }).flat()
  }
}

const HELD_BYTES_MAX = 64
const OUTPUT_BYTES_MAX = 256
const LIMITS = {
  heldBytesMax: HELD_BYTES_MAX,
  outputBytesMax: OUTPUT_BYTES_MAX,
  drainBytesMax: 100,
  fieldBytesMax: 400,
}

/** One engine under test, and one of the other role that reads what it writes. */
abstract class Run<E extends Http1Client | Http1Server> {
  protected readonly source: Source
  protected readonly engine: E
  #now = 0
  #last = ''
  /** Octets that the application sent; what else waits for output are heads. */
  protected sentBytes = 0

  constructor(source: Source, engine: E) {
    this.source = source
    this.engine = engine
  }

  begin(): void {
    this.engine.start(0)
    this.drain()
  }

  step(): void {
    const { source, engine } = this
    const choice = source.octet()
    if (choice < 96) this.#receive()
    else if (choice < 104) engine.receiveEnd(this.#now)
    else if (choice < 120) {
      this.#now += source.octet() * 250
      engine.advance(this.#now)
    } else this.#command(() => this.command(choice & 15))
    this.drain()
  }

  finish(): void {
    this.#now += 1_000_000
    // Deadlines come one after the other; an engine that re-arms for ever would never let go of a connection.
    for (let left = 10; left > 0 && this.engine.deadline() <= this.#now; left--) {
      this.engine.advance(this.#now)
      this.drain()
    }
    this.engine.receiveEnd(this.#now)
    this.drain()
    this.engine.abort()
    this.drain()
    ensure(this.#last !== '', 'no last event after abort')
  }

  protected abstract command(choice: number): void
  protected abstract onEvent(event: { readonly type: string }): void
  protected abstract onOutput(octets: Uint8Array): void

  #receive(): void {
    const { engine, source } = this
    const octets = source.octets()
    // A driver pauses when no input is wanted, but what is under way still comes: a quarter of the time.
    if (!engine.wantsInput && source.octet() > 64) return
    engine.receive(octets, this.#now)
    this.drain()
    const { inputBytes } = engine.describeState() as { inputBytes: number }
    ensure(inputBytes <= HELD_BYTES_MAX + LIMITS.fieldBytesMax + 255 * 64, `${inputBytes} octets held`)
  }

  #command(command: () => void): void {
    const { engine } = this
    engine.advance(this.#now)
    this.drain()
    const before = JSON.stringify([engine.describeState(), engine.deadline()])
    try {
      command()
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      const after = JSON.stringify([engine.describeState(), engine.deadline()])
      ensure(before === after, `${error.message}: changed ${before} to ${after}`)
    }
  }

  protected drain(): void {
    const { engine } = this
    for (let left = 10_000, more = true; more;) {
      more = false
      for (let event = engine.poll(); event !== undefined; event = engine.poll()) {
        ensure(--left > 0, 'events without end')
        ensure(this.#last === '', `${event.type} after ${this.#last}`)
        if (event.type === 'closed' || event.type === 'fatal' || event.type === 'handover') this.#last = event.type
        this.onEvent(event)
        more = true
      }
      for (let block = engine.output(); block !== undefined; block = engine.output()) {
        ensure(--left > 0, 'output without end')
        ensure(block.length > 0, 'output without octets')
        this.onOutput(new Uint8Array(block))
        more = true
      }
    }
    ensure(engine.outputBytes === 0, 'outputBytes after all was taken')
    if (this.#last !== '') ensure(engine.deadline() === Infinity, 'a deadline is left')
  }
}

/** Faults of a reader that a cut-off stream may have; all others are ours. */
const CUT_OFF = ['H1_TRUNCATED_HEAD', 'H1_TRUNCATED_BODY']

/** Feeds the reader and ensures that it finds no fault. */
function feed(reader: Http1Client | Http1Server, octets: Uint8Array, onEvent?: (type: string) => void): void {
  ensure(!reader.over, 'output behind the end of the connection')
  reader.receive(octets, 0)
  for (let event = reader.poll(); event !== undefined; event = reader.poll()) {
    if (event.type === 'fatal' && !CUT_OFF.includes(event.code))
      throw new Error(`the other role reads ${event.code} at ${event.offset}`)
    onEvent?.(event.type)
  }
  while (reader.output() !== undefined);
}

class ServerRun extends Run<Http1Server> {
  readonly #reader = new Http1Client({ limits: { informCountMax: Infinity } })
  #handedOver = false

  constructor(source: Source) {
    super(source, new Http1Server({ date: () => 'Thu, 01 Jan 1970 00:00:00 GMT', limits: LIMITS }))
    this.#reader.start(0)
  }

  protected override onEvent(event: {
    readonly type: string
    readonly method?: string
    readonly wireCode?: number
  }): void {
    if (event.type === 'request') this.#ask(event.method ?? 'GET')
    // A fault in the next request is answered, too, though no request was seen.
    if (event.type === 'fatal' && event.wireCode !== 0 && this.engine.describeState()['received'] === 'idle')
      this.#ask('GET')
    if (event.type === 'handover') this.#handedOver = true
    if (event.type === 'request' && this.source.octet() < 64) this.#answer()
    if (event.type === 'end' && this.source.octet() < 128) this.#answer()
  }

  #ask(method: string): void {
    const connect = method === 'CONNECT'
    const fields = connect ? ['Host', 'a'] : ['Host', 'a', 'Upgrade', 'x']
    this.#reader.sendRequest(method, connect ? 'a:1' : '/', fields)
    while (this.#reader.output() !== undefined);
  }

  #answer(): void {
    try {
      this.command(this.source.octet() & 15)
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
    }
  }

  protected override onOutput(octets: Uint8Array): void {
    feed(this.#reader, octets)
    ensure(
      this.#handedOver || this.#reader.describeState()['inputBytes'] === 0 || !this.#reader.over,
      'more than responses',
    )
  }

  protected override command(choice: number): void {
    const { engine, source } = this
    const status = 100 + source.octet() * 2
    switch (choice) {
      case 0:
      case 1:
        return engine.sendResponse(status, source.fields(), source.octets(), choice ? source.text() : undefined)
      case 2:
        return engine.sendResponse(200, source.fields(), latin1Of(source.octets()))
      case 3:
      case 4:
        return engine.sendHead(status, source.fields(), source.octet() - 1)
      case 5:
        return engine.sendHead(200, source.fields())
      case 6:
      case 7:
        return engine.sendData(source.octets())
      case 8:
      case 9:
        return engine.sendEnd(choice === 8 ? undefined : source.fields())
      case 10:
        return engine.sendInform(status, source.fields())
      case 11:
        return engine.sendContinue()
      case 12:
        return engine.holdBody((status & 2) === 0)
      case 13:
        return status < 150 ? engine.abort() : engine.close()
      case 14:
        return engine.sendHead(101, ['Upgrade', 'x'])
      default:
        return engine.sendResponse(204, [])
    }
  }
}

class ClientRun extends Run<Http1Client> {
  readonly #reader = new Http1Server({ date: () => 'now' })
  #handedOver = false

  constructor(source: Source) {
    super(source, new Http1Client({ limits: LIMITS }))
    this.#reader.start(0)
  }

  protected override onEvent(event: { readonly type: string }): void {
    if (event.type === 'handover') this.#handedOver = true
  }

  protected override onOutput(octets: Uint8Array): void {
    if (this.#handedOver) return
    feed(this.#reader, octets, (type) => {
      if (type === 'end') this.#reader.sendResponse(403, [])
    })
  }

  protected override command(choice: number): void {
    const { engine, source } = this
    switch (choice) {
      case 0:
      case 1:
        return engine.sendRequest(choice ? 'GET' : source.text(), `/${source.text()}`, [
          'Host',
          'a',
          ...source.fields(),
        ])
      case 2:
        return engine.sendRequest('POST', '/', ['Host', 'a'], latin1Of(source.octets()))
      case 3:
        return engine.sendRequest('CONNECT', 'a:1', ['Host', 'a'])
      case 4:
        return engine.sendHead('PUT', '/', ['Host', 'a', ...source.fields()], source.octet() - 1)
      case 5:
        return engine.sendHead('HEAD', source.text(), ['Host', source.text()])
      case 6:
      case 7:
        return engine.sendData(source.octets())
      case 8:
      case 9:
        return engine.sendEnd(choice === 8 ? undefined : source.fields())
      case 10:
        return engine.holdBody(source.octet() > 127)
      case 11:
        return source.octet() < 32 ? engine.abort() : engine.close()
      case 12:
        return engine.sendRequest('GET', '/', ['Host', 'a', 'Upgrade', 'x'])
      default:
        return engine.sendRequest('HEAD', '/', ['Host', 'a'])
    }
  }
}
